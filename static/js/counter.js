// Says how many characters are left, once three quarters are used: data-count="140" on a field, and its words
// data-left="{n} characters left" and data-over="{n} characters too many" on the line #ID-count.

import { say } from "./say.js";

const SHOWN_FROM = 0.75;
const SAY_AFTER_MS = 1_000;

export function start() {
  for (const field of document.querySelectorAll("[data-count]")) watch(field);
}

function watch(field) {
  const line = document.getElementById(`${field.id}-count`);
  if (!line) return;
  let timer = 0;
  field.addEventListener("input", () => {
    show(line, length(field.value), Number(field.dataset.count));
    // Silent while somebody types; a screen reader hears the number in the pause.
    clearTimeout(timer);
    timer = setTimeout(() => say(line.textContent), SAY_AFTER_MS);
  });
  show(line, length(field.value), Number(field.dataset.count));
}

/** Characters as the server counts them: code points, a line end is one. */
export function length(text) {
  return [...text.replace(/\r\n?/gu, "\n")].length;
}

function show(line, used, limit) {
  const isOver = used > limit;
  const number = new Intl.NumberFormat(document.documentElement.lang || "en").format(Math.abs(limit - used));
  const text = isOver ? line.dataset.over : line.dataset.left;
  line.textContent = used < limit * SHOWN_FROM ? "" : text.replace("{n}", number);
  line.classList.toggle("is-over", isOver);
}
