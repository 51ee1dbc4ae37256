// The peer "nodemailer": its pool of connections, a message object for each recipient.
// node nodemailer_pool.cjs PEERS LETTER HOST PORT CONNECTIONS COUNT; the result as JSON.
"use strict";
const { createHmac } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [peers, file, host, port, connections, count] = process.argv.slice(2);
const nodemailer = createRequire(join(peers, "here.js"))("nodemailer");
const letter = JSON.parse(readFileSync(file, "utf8"));
const marks = new RegExp(
  Object.keys(letter.slots).sort((a, b) => b.length - a.length).join("|"), "g");
const domain = letter.sender_address.split("@")[1];

const token = (reader, purpose) =>
  createHmac("sha256", "the benchmark signs with this key")
    .update(`${purpose} ${reader.email}`).digest().subarray(0, 24).toString("base64url");

const escaped = (text) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const filled = (body, values) => body.replace(marks, (mark) => values[letter.slots[mark]]);

function valuesOf(reader) {
  const values = { ...reader, name: `${reader.first_name} ${reader.last_name}` };
  for (const kind of ["unsubscribe", "preferences", "browser"])
    values[`${kind}_url`] = `${letter.site}/${kind[0]}/${token(reader, kind)}`;
  return values;
}

function messageFor(reader) {
  const values = valuesOf(reader);
  const safe = Object.fromEntries(Object.entries(values).map(([k, v]) => [k, escaped(v)]));
  return {
    from: { name: letter.sender_name, address: letter.sender_address },
    to: { name: values.name, address: reader.email },
    replyTo: letter.reply_to,
    subject: letter.subject,
    messageId: `<${token(reader, "id")}@${domain}>`,
    headers: {
      "List-Id": `<${letter.list_id}>`,
      "List-Unsubscribe": { prepared: true, value: `<${values.unsubscribe_url}>` },
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
      Precedence: "bulk",
    },
    text: filled(letter.text, values),
    html: filled(letter.html, safe),
    textEncoding: "quoted-printable",
  };
}

async function main() {
  const began = process.hrtime.bigint(), used = process.cpuUsage();
  const pool = nodemailer.createTransport({
    pool: true, host, port: Number(port), secure: false, ignoreTLS: true,
    maxConnections: Number(connections), maxMessages: Infinity,
  });
  let next = 0, accepted = 0;
  const lane = async () => {
    while (next < Number(count)) {
      const sent = await pool.sendMail(messageFor(letter.readers[next++]));
      if (sent.response.startsWith("2")) accepted++;
    }
  };
  // Two for each connection, so that the next message is ready when one becomes free.
  await Promise.all(Array.from({ length: 2 * Number(connections) }, lane));
  pool.close();
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const { user, system } = process.cpuUsage(used);
  console.log(JSON.stringify({ accepted, seconds, cpu_seconds: (user + system) / 1e6 }));
}

main();
