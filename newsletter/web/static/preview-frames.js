// Readers' pages in sandboxed frames: painted in place, so that nothing flashes and nothing scrolls.
import { element } from "./preview-panels.js";

const NAMES = { light: "Light", dark: "Dark", inverted: "Inverted" };
const THUMB = { width: 224, height: 400 };
const INLINE = new Set(["A", "B", "STRONG", "EM", "I", "SPAN", "CODE", "S", "BDI", "BR"]);
const windows = new Map(); // a variant's key and a scheme: its window
const sheets = document.getElementById("sheets");

export const letters = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");

export async function paint(data, look, choose) {
  sheets.style.minHeight = `${sheets.offsetHeight}px`; // windows come and go: what she looks at stays where it is
  sheets.classList.toggle("every", look.every);
  if (data.first) forget((one) => look.every !== one.small || !(one.scheme in data.frames));
  const painted = Object.entries(data.frames).map(([scheme, html]) => {
    const one = windowOf(look.every ? data.variant.key : "", scheme, data, look, choose);
    one.language = data.variant.language;
    one.caption.textContent = look.every
      ? `${data.variant.language}, ${data.variant.label} · ${data.variant.readers}`
      : NAMES[scheme];
    return put(one, html);
  });
  await Promise.all(painted);
  fit(look);
  sheets.style.minHeight = "";
}

// An image without a height moves all that is below it when it comes; one that came or failed moves nothing.
export function settled() {
  const awaited = [...windows.values()].flatMap((one) => [...one.frame.contentDocument.images])
    .filter((image) => !image.complete && image.loading !== "lazy");
  return Promise.all(awaited.map((image) => new Promise((done) => {
    for (const end of ["load", "error"]) image.addEventListener(end, done, { once: true });
  })));
}

function forget(gone) {
  for (const [key, one] of windows) {
    if (!gone(one)) continue;
    one.growth.disconnect();
    one.figure.remove();
    windows.delete(key);
  }
}

function windowOf(key, scheme, data, look, choose) {
  const name = `${key} ${scheme}`;
  if (windows.has(name)) return windows.get(name);
  const frame = element("iframe", { title: `The page, ${scheme}`, sandbox: "allow-same-origin", src: "/frame" });
  frame.style.colorScheme = scheme === "dark" ? "dark" : "light";
  const glass = element("div", { className: "glass" });
  const box = element("div", { className: `window ${scheme}` }, frame, glass);
  const caption = look.every ? element("button", { className: "link", type: "button" }) : element("span");
  const figure = element("figure", {}, element("figcaption", {}, caption), box);
  const one = { frame, glass, box, caption, figure, scheme, small: look.every, html: "", part: null, pointer: null };
  one.growth = new ResizeObserver(() => grow(one));
  one.ready = new Promise((done) => frame.addEventListener("load", done, { once: true }));
  if (look.every) {
    caption.addEventListener("click", () => choose(data.variant.key));
    glass.addEventListener("click", () => choose(data.variant.key));
  } else {
    listen(one);
  }
  windows.set(name, one);
  sheets.append(figure);
  return one;
}

async function put(one, html) {
  await one.ready;
  if (one.html === html) return;
  one.html = html;
  const page = new one.frame.contentWindow.DOMParser().parseFromString(html, "text/html"); // under its policy
  const here = one.frame.contentDocument;
  const old = [...here.images];
  for (const image of page.images) {
    const same = old.findIndex((each) => each.isEqualNode(image));
    if (same >= 0) image.replaceWith(here.adoptNode(old.splice(same, 1)[0]));
  }
  for (const link of page.links) link.tabIndex = -1;
  here.replaceChild(here.adoptNode(page.documentElement), here.documentElement);
  one.frame.inert = one.small;
  one.part = null; // it was on the page that is gone
  one.grown = 0;
  one.growth.disconnect();
  one.growth.observe(here.documentElement);
}

// Each window is as high as its page: the pages scroll together, with the tool's own page.
export function fit(look) {
  const shown = [...windows.values()];
  const gaps = 16 * (shown.length - 1) + 2 * shown.length;
  const room = Math.floor((sheets.clientWidth - gaps) / shown.length);
  for (const one of shown) {
    const width = one.small ? Number(look.width) || 600 : look.width === "full" ? room : Number(look.width);
    one.scale = one.small ? THUMB.width / width : Math.min(1, room / width);
    one.frame.style.width = `${width}px`;
    one.frame.style.transform = one.scale === 1 ? "none" : `scale(${one.scale})`;
    one.width = width;
    measure(one);
  }
  return { scale: shown[0]?.scale ?? 1, width: Number.parseInt(shown[0]?.frame.style.width ?? "0", 10) };
}

const MOST_GROWTHS = 100; // a page as high as its window and more would grow for ever

function grow(one) {
  if (sheets.hidden || !one.width || (one.grown += 1) > MOST_GROWTHS) return;
  measure(one);
}

function measure(one) {
  const page = one.frame.contentDocument?.documentElement;
  if (!page) return;
  const height = Math.max(120, Math.ceil(page.getBoundingClientRect().height));
  one.frame.style.height = `${height}px`;
  one.box.style.width = `${Math.round(one.width * one.scale)}px`;
  const tall = Math.ceil(height * one.scale);
  one.box.style.height = `${one.small ? Math.min(tall, THUMB.height) : tall}px`;
  if (one.pointer) one.part = under(one, one.pointer);
  encircle(one);
}

// What stands under the pointer, and which line says it.
let pointed = () => {};
export const onPoint = (handler) => { pointed = handler; };

function listen(one) {
  one.ring = element("div", { className: "ring", hidden: true });
  one.glass.append(one.ring);
  const point = (pointer) => {
    one.pointer = pointer;
    one.part = pointer && under(one, pointer);
    encircle(one);
  };
  one.glass.addEventListener("pointermove", point);
  one.glass.addEventListener("pointerleave", () => point(null));
  one.glass.addEventListener("pointerdown", (event) => { one.pressed = under(one, event); });
  one.glass.addEventListener("click", (event) => {
    const part = one.pressed ?? under(one, event); // what she pressed on, even if the page moved before she let go
    one.pressed = null;
    if (part) pointed({ language: one.language, section: sectionOf(part), said: saidBy(part) });
  });
}

function under(one, { clientX, clientY }) {
  const box = one.glass.getBoundingClientRect();
  const at = [(clientX - box.left) / one.scale, (clientY - box.top) / one.scale];
  return partOf(one.frame.contentDocument.elementFromPoint(...at));
}

function partOf(found) {
  let part = found;
  while (part && INLINE.has(part.tagName) && part.tagName !== "A") part = part.parentElement;
  return part && part.tagName !== "HTML" && part.tagName !== "BODY" ? part : null;
}

function encircle({ ring, part, scale }) {
  if (!ring) return;
  ring.hidden = !part;
  if (!part) return;
  const box = part.getBoundingClientRect();
  for (const [side, value] of [["left", box.left], ["top", box.top], ["width", box.width], ["height", box.height]]) {
    ring.style[side] = `${value * scale}px`;
  }
}

const markIn = (node) => node.nodeType === Node.COMMENT_NODE && /^ @src sections\.(\S+) $/.exec(node.data)?.[1];

function sectionOf(part) {
  for (let at = part; at; at = at.parentElement) {
    for (let before = at; before; before = before.previousSibling) {
      const section = markIn(before);
      if (section) return section;
    }
  }
  return "";
}

function saidBy(part) {
  const said = [];
  for (let at = part; at && said.length < 6; at = at.parentElement) {
    const words = (at.tagName === "IMG" ? at.alt : at.textContent).trim();
    if (words && words.length < 3000 && words !== said.at(-1)) said.push(words);
  }
  return said;
}

// From a line of the issue to the part of each page that it became.
export function reveal(section, words, nth = 0) {
  for (const one of windows.values()) {
    const part = find(one.frame.contentDocument, section, words, nth);
    if (!part || !one.ring) continue;
    Object.assign(one, { part, pointer: null });
    encircle(one);
    one.ring.classList.remove("flash");
    requestAnimationFrame(() => one.ring.classList.add("flash"));
    one.ring.scrollIntoView({ block: "center" });
  }
}

function find(page, section, words, nth) {
  const parts = section ? partsOf(page, section) : [page.body];
  const wanted = letters(words).slice(0, 24);
  const says = (part) => part.getBoundingClientRect().height > 0 && letters(part.textContent).includes(wanted);
  const every = parts.flatMap((part) => [part, ...part.querySelectorAll("*")]);
  const found = wanted.length < 2 ? [] : every.filter((part) => says(part) && ![...part.children].some(says));
  const whole = section ? parts.find((part) => part.getBoundingClientRect().height) : null;
  return found[Math.min(nth, found.length - 1)] ?? whole;
}

function partsOf(page, section) {
  const walker = page.createTreeWalker(page, NodeFilter.SHOW_COMMENT);
  while (walker.nextNode()) {
    if (markIn(walker.currentNode) !== section) continue;
    const parts = [];
    for (let next = walker.currentNode.nextSibling; next && !markIn(next); next = next.nextSibling) {
      if (next.nodeType === Node.ELEMENT_NODE) parts.push(next);
    }
    return parts;
  }
  return [];
}
