// The peer "npm mjml": MJML to a page with its style sheet inlined (juice), in a process of its own.
// node mjml_page.cjs PEERS FILE; for each line on stdin, a number of times, one line with seconds.
"use strict";
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");
const { createInterface } = require("node:readline");

const [peers, file] = process.argv.slice(2);
const mjml = createRequire(join(peers, "here.js"))("mjml");
const toHtml = mjml.default || mjml;
const page = readFileSync(file, "utf8");

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const began = process.cpuUsage();
    for (let left = Number(line); left > 0; left -= 1)
      await toHtml(page, { validationLevel: "skip", fonts: {} });
    const { user, system } = process.cpuUsage(began);
    console.log((user + system) / 1e6);
  }
})();
