// The files as they are written, with a way from each line to the page.
import { letters } from "./preview-frames.js";
import { element } from "./preview-panels.js";

const box = document.getElementById("words");
let asked = 0;

export async function showSource(files, file, line, { go, open, reveal }) {
  const turn = (asked += 1);
  const answer = await fetch(`/source?${new URLSearchParams({ file, line: String(line || 1) })}`);
  if (turn !== asked) return;
  if (!answer.ok) {
    box.replaceChildren(element("p", {}, `${file} is not here.`));
    return;
  }
  const source = await answer.json();
  const names = files.includes(file) ? files : [...files, file];
  const tabs = names.map((name) => {
    const input = element("input", { type: "radio", name: "file", value: name, checked: name === file });
    input.addEventListener("change", () => open(name, 0));
    return element("label", {}, input, element("span", {}, name.split("/").at(-1)));
  });
  const choice = element("fieldset", { className: "choice" }, element("legend", { className: "unseen" }, "File"), ...tabs);
  const list = element("ol", { className: "lines" }, ...source.lines.map((one) => row(one, line, () => lead(source.lines, one, reveal))));
  const part = source.whole ? [] : [element("p", { className: "small" }, "Only a part of this long file is shown.")];
  const kept = document.activeElement?.name === "file";
  box.replaceChildren(element("form", { className: "choices files" }, choice), ...part, list);
  if (kept) box.querySelector("input:checked")?.focus();
  const here = list.querySelector(".here");
  if (here && go) {
    here.scrollIntoView({ block: "center" });
    here.querySelector("button").focus({ preventScroll: true });
  }
}

function row(one, line, reveal) {
  const number = element("button", { type: "button" }, String(one.number));
  number.setAttribute("aria-label", `Line ${one.number}: show it on the page`);
  number.addEventListener("click", reveal);
  const made = element("li", {}, number, element("code", { dir: "auto" }, one.text || "\u00a0"));
  if (/^\s*\[/.test(one.text)) made.classList.add("table");
  if (/^\s*#/.test(one.text)) made.classList.add("remark");
  if (one.number === line) made.classList.add("here");
  return made;
}

const sectionOf = (one) => /^sections\.([^.]+)/.exec(one.where)?.[1] ?? "";

// Where a section says the same twice, the second line leads to the second place.
function lead(lines, one, reveal) {
  const [section, said] = [sectionOf(one), words(one.text)];
  const same = (each) => sectionOf(each) === section && letters(words(each.text)).includes(letters(said));
  reveal(section, said, lines.filter((each) => each.number < one.number && same(each)).length);
}

// The words of a line: without key, marks of Markdown, addresses and slots.
function words(text) {
  const value = /^\s*[\w".-]+\s*=\s*(.*)$/.exec(text)?.[1] ?? text;
  return value.replace(/\]\([^)]*\)/g, "").split("{{")[0];
}
