// What stands beside the pages: variants, inbox, sections, findings, sizes, mistakes.
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && key !== "list") made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

const at = (id) => document.getElementById(id);
const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, "\u202f");
const kilobytes = (octets) => (octets < 1000 ? `${octets} octets` : `${grouped(Math.floor(octets / 1000))} KB`);
const named = (hidden) => (hidden.length ? `no ${hidden.join(", ")}` : "all");

export function showVariants(variants, current, choose) {
  const sets = [...new Set(variants.map((each) => named(each.hidden)))];
  const languages = [...new Set(variants.map((each) => each.language))];
  const [head, body] = document.querySelectorAll(".variants thead, .variants tbody");
  const titles = sets.map((name) => element("th", { scope: "col", title: name }, element("span", {}, name)));
  head.replaceChildren(element("tr", {}, element("td"), ...titles));
  const kept = document.activeElement?.dataset?.variant;
  body.replaceChildren(...languages.map((language) => {
    const cells = sets.map((name) => {
      const one = variants.find((each) => each.language === language && named(each.hidden) === name);
      return element("td", {}, one ? cell(one, current, choose) : element("span", { className: "none" }, "–"));
    });
    return element("tr", {}, element("th", { scope: "row" }, language), ...cells);
  }));
  if (kept) body.querySelector(`[data-variant="${CSS.escape(kept)}"]`)?.focus();
}

function cell(one, current, choose) {
  const made = element("button", { type: "button" }, grouped(one.readers));
  made.dataset.variant = one.key;
  made.setAttribute("aria-label", `${one.language}, ${one.label}: ${one.readers} readers`);
  if (one.key === current) made.setAttribute("aria-current", "true");
  made.addEventListener("click", () => choose(one.key));
  return made;
}

export function showInbox(inbox) {
  const [from, subject, preheader] = at("inbox").children;
  [from.textContent, subject.textContent, preheader.textContent] = [inbox.from, inbox.subject, inbox.preheader];
}

export function showSections(sections, variant, reveal, open) {
  at("sections").replaceChildren(...sections.map((one) => {
    const away = variant.hidden.includes(one.id);
    const name = element("button", { type: "button", className: away ? "link away" : "link" }, one.id);
    name.dataset.section = one.id;
    name.addEventListener("click", () => (away ? open(one.file, one.line) : reveal(one.id, "")));
    const line = element("button", { type: "button", className: "link line" }, `${one.kind}:${one.line}`);
    line.setAttribute("aria-label", `${one.id}, line ${one.line}`);
    line.addEventListener("click", () => open(one.file, one.line));
    return element("li", {}, name, line);
  }));
}

export function showVerdict(verdict, open) {
  const passed = element("p", { className: "passed" }, `${verdict.passed.length} passed`);
  const list = verdict.passed.map((one) => element("li", {}, element("code", {}, one.rule), one.says));
  const all = element("details", { className: "all" }, element("summary", {}, `Show all ${list.length}`), element("ul", {}, ...list));
  const ignored = verdict.ignored.map((one) => element("p", { className: "small" }, `${one.rule} is let be: ${one.reason}`));
  at("findings").replaceChildren(...verdict.findings.map((one) => finding(one, open)), passed, ...ignored, all);
  const loud = new Set(verdict.findings.map((one) => /^sections\.([^.]+)/.exec(one.where)?.[1]));
  for (const name of document.querySelectorAll("#sections [data-section]")) {
    name.classList.toggle("loud", loud.has(name.dataset.section));
  }
}

function finding(one, open) {
  const state = element("span", { className: `state ${one.severity}` }, one.severity[0].toUpperCase() + one.severity.slice(1));
  const place = one.line ? `${one.file.split("/").at(-1)}:${one.line}` : one.file.split("/").at(-1);
  const link = element("button", { type: "button", className: "link" }, one.where ? `${place} ${one.where}` : place);
  link.addEventListener("click", () => open(one.file, one.line || 1));
  const cure = one.cure ? [element("p", { className: "small" }, one.cure)] : [];
  return element("div", { className: "finding" }, element("p", {}, state, element("code", {}, one.rule)), element("p", {}, one.message), ...cure, element("p", {}, link));
}

export function showSizes(sizes) {
  const rows = [
    [`Page (Gmail clips at ${kilobytes(sizes.limit)})`, kilobytes(sizes.page), sizes.page > sizes.limit],
    ["Message", kilobytes(sizes.message), false],
    [sizes.images === 1 ? "1 image" : `${sizes.images} images`, kilobytes(sizes.imagesSize), false],
  ];
  at("sizes").replaceChildren(...rows.map(([name, value, over]) =>
    element("div", {}, element("dt", {}, name), element("dd", { className: over ? "over" : "" }, value))));
}

// The last good page stays; what stands in the way lies over it.
export function showMistake(problems, open) {
  const box = at("mistake");
  box.hidden = !problems.length;
  document.body.classList.toggle("mistaken", problems.length > 0);
  if (!problems.length) return;
  const title = problems.length === 1 ? "Not painted: 1 mistake" : `Not painted: ${problems.length} mistakes`;
  const list = problems.slice(0, 5).map((one) => {
    const link = element("button", { type: "button", className: "link" }, one.line ? `${one.file}:${one.line}` : one.file);
    link.addEventListener("click", () => open(one.file, one.line || 1));
    const source = one.source ? [element("pre", {}, one.source)] : [];
    const cure = one.cure ? [element("p", { className: "small" }, one.cure)] : [];
    return element("li", {}, link, element("p", {}, one.where ? `${one.where}: ${one.message}` : one.message), ...source, ...cure);
  });
  box.replaceChildren(element("h2", {}, title), element("ul", {}, ...list));
}
