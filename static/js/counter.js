// Says how many characters are left, once three quarters are used: data-count="140" on a field, and on the line #ID-count
// its words by plural category: data-one, data-many="{n} characters left", data-over-one, data-over-many.

import { countedText } from "./counted.js";
import { say } from "./say.js";

const SHOWN_FROM = 0.75;
const SAY_AFTER_MS = 1_000;

export function startIn(root) {
  for (const field of root.querySelectorAll("[data-count]")) watch(field);
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
  const { one, many, overOne, overMany } = line.dataset;
  const words = isOver ? { one: overOne, many: overMany } : { one, many };
  const language = document.documentElement.lang || "en";
  line.textContent = used < limit * SHOWN_FROM ? "" : countedText(words, Math.abs(limit - used), language);
  line.classList.toggle("is-over", isOver);
}
