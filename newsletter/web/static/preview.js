// One window of the live preview: what it looks at stands in its address, what it shows comes by a stream.
import { fit, onPoint, paint, reveal, settled } from "./preview-frames.js";
import {
  element, showInbox, showMistake, showSections, showSizes, showVariants, showVerdict,
} from "./preview-panels.js";
import { showSource } from "./preview-source.js";

const DEFAULTS = { tab: "page", width: "375", scheme: "both", variant: "", reader: "", every: "", file: "", line: "" };
const at = (id) => document.getElementById(id);
const asked = new URLSearchParams(location.search);
const look = Object.fromEntries(Object.entries(DEFAULTS).map(([key, value]) => [key, asked.get(key) ?? value]));
let stream;
let newest = null; // the last page that came
let last = null; // the last page that was shown
let lastSaved = 0;
let verdict = null;
let points = 0; // clicks on a page so far: the last one leads

function remember() {
  const kept = Object.entries(look).filter(([key, value]) => value !== DEFAULTS[key]);
  history.replaceState(null, "", kept.length ? `?${new URLSearchParams(kept)}` : "/");
}

// The stream

function listen() {
  stream?.close();
  const schemes = look.scheme !== "both" ? look.scheme : look.every ? "light" : "light,dark";
  const view = { schemes, ...(look.every ? { every: "yes" } : look.reader ? { reader: look.reader } : { variant: look.variant }) };
  stream = new EventSource(`/events?${new URLSearchParams(view)}`);
  stream.addEventListener("page", (event) => show(JSON.parse(event.data)));
  stream.addEventListener("mistake", (event) => {
    showMistake(JSON.parse(event.data).problems, open);
    if (last && look.tab === "toml") showWords();
  });
  stream.addEventListener("verdict", (event) => {
    verdict = JSON.parse(event.data);
    showVerdict(verdict, open);
  });
  stream.onerror = () => { at("saved").textContent = "The preview is closed; begin it again to go on."; };
}

async function show(data) {
  showMistake([], open);
  newest = data;
  if (look.tab === "page") await paint(data, { ...look, every: Boolean(look.every) }, choose);
  if (data.last) settled().then(() => requestAnimationFrame(() => setTimeout(() => painted(data))));
  if (!data.first) return;
  const begun = last === null;
  last = data;
  showVariants(data.variants, look.every ? "" : data.variant.key, choose);
  showInbox(data.inbox);
  showSections(data.sections, look.every ? { hidden: [] } : data.variant, lead, open);
  if (verdict) showVerdict(verdict, open);
  showSizes(data.sizes);
  caption();
  if (look.tab !== "page") showWords(begun);
}

function painted(data) {
  if (data !== newest) return; // saved again since
  if (look.tab === "page") caption();
  const now = Date.now();
  const time = new Date(data.saved * 1000).toTimeString().slice(0, 8);
  const took = Math.round(now - data.saved * 1000);
  at("saved").textContent = lastSaved && data.saved > lastSaved ? `Saved ${time}, painted in ${took} ms` : `Saved ${time}`;
  lastSaved = data.saved;
  document.body.dataset.painted = String(now);
}

function caption() {
  const { variant, reader } = last;
  const { scale, width } = fit({ ...look, every: Boolean(look.every) });
  const percent = Math.round(scale * 100);
  const words = look.every
    ? [element("b", {}, "Every page."), look.scheme === "both" ? " In light; choose one to see it whole." : " Choose one to see it whole."]
    : [element("b", {}, `${variant.language}, ${variant.label}.`), reader ? ` Shown as ${reader}.` : " No reader sees this page."];
  if (!look.every && look.tab === "page") words.push(percent < 100 ? ` ${width} px at ${percent} %.` : ` ${width} px.`);
  at("caption").replaceChildren(...words);
}

// The other views of a page

function showWords(go = false) {
  if (look.tab === "toml") {
    const own = last.files.find((file) => file.endsWith(`issue.${last.variant.language}.toml`));
    const file = look.file || own || last.files[0];
    showSource(last.files, file, Number(look.line), { go, open, reveal: lead });
    return;
  }
  const address = new URLSearchParams(look.reader ? { reader: look.reader } : { variant: last.variant.key });
  const made = {
    text: () => [element("pre", { dir: "auto" }, last.text)],
    mjml: () => [element("pre", {}, last.mjml)],
    headers: () => [headers(last.headers)],
    message: () => [
      element("p", { className: "small" }, `${last.sizes.message.toLocaleString("en")} octets. `,
        element("a", { href: `/message.eml?${address}` }, "Download .eml")),
      element("pre", {}, last.message),
    ],
  }[look.tab]();
  at("words").replaceChildren(...made);
}

function headers(list) {
  const rows = list.map(([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value)));
  return element("table", { className: "headers" }, element("caption", { className: "unseen" }, "Headers, decoded, in their order"), ...rows);
}

function turn() {
  const onPage = look.tab === "page";
  at("sheets").hidden = !onPage;
  at("words").hidden = onPage;
  at("looks").hidden = !onPage;
  for (const input of document.querySelectorAll("#views input, #looks input")) input.checked = look[input.name] === input.value;
  at("every").setAttribute("aria-pressed", String(Boolean(look.every)));
  at("reader").value = look.reader;
  remember();
}

// What the officer does

function change(what) {
  Object.assign(look, what);
  turn();
  listen();
}

const choose = (variant) => change({ variant, reader: "", every: "", tab: "page" });

function open(file, line) {
  Object.assign(look, { tab: "toml", file, line: line ? String(line) : "" });
  turn();
  if (last) showWords(true);
  else showSource([file], file, Number(look.line), { go: true, open, reveal: lead });
}

function lead(section, words, nth) {
  look.tab = "page";
  turn();
  paint({ ...last, first: false }, { ...look, every: Boolean(look.every) }, choose).then(() => {
    caption();
    reveal(section, words, nth);
  });
}

onPoint(async ({ language, section, said }) => {
  const query = new URLSearchParams({ language, section });
  for (const words of said) query.append("said", words.slice(0, 1000));
  const turn = (points += 1);
  const answer = await fetch(`/point?${query}`).catch(() => null); // closed: the bar says so
  const found = await answer?.json();
  if (found && turn === points) open(found.file, found.line);
});

at("views").addEventListener("change", (event) => {
  if (event.target.value !== "toml") Object.assign(look, { file: "", line: "" });
  look.tab = event.target.value;
  turn();
  if (last) show(last);
});
at("looks").addEventListener("change", (event) => {
  look[event.target.name] = event.target.value;
  turn();
  if (event.target.name === "scheme") listen();
  else caption();
});
at("every").addEventListener("click", () => change({ every: look.every ? "" : "yes", tab: "page", reader: "" }));
at("as").addEventListener("submit", (event) => {
  event.preventDefault();
  change({ reader: at("reader").value.trim(), every: "" });
});
for (const form of ["views", "looks"]) at(form).addEventListener("submit", (event) => event.preventDefault());
new ResizeObserver(() => last && look.tab === "page" && caption()).observe(at("page"));

at("test").addEventListener("click", async () => {
  const [button, told] = [at("test"), at("tested")];
  button.disabled = true;
  told.textContent = "Sending a test…";
  try {
    const query = look.reader ? `?${new URLSearchParams({ reader: look.reader })}` : "";
    const answer = await fetch(`/test${query}`, { method: "POST", headers: { "X-Preview-Token": document.body.dataset.token } });
    told.replaceChildren(...sent(await answer.json()));
  } catch {
    told.textContent = "No test was sent: the preview does not answer.";
  }
  button.disabled = false;
});

function sent(report) {
  if (report.problems) return [`No test was sent: ${report.problems[0].message}. ${report.problems[0].cure}`];
  if (report.refused) return [`${report.refused} not accepted: ${report.answer}`];
  const many = report.accepted === 1 ? "1 test" : `${report.accepted} tests`;
  return [`${many} to ${report.to}. Read them in the `, element("a", { href: report.inbox, rel: "noreferrer", target: "_blank" }, "staging inbox"), ", with newsletter inbox."];
}

turn();
listen();
