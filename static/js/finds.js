// Underlines what looks private where it is typed: textarea[data-finds] with its twin [data-finds-under] beneath, and
// a line [data-finds-line] that names the finds in its data-words ("… {finds} …"). A hint: it refuses nothing.

const PAUSE_MS = 400;
const SHOWN_FINDS = 3;
const PATTERNS = [
  /[\w.+-]{1,64}@[\w-]+\.[\w.-]*\w/gu, // mail address
  /\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){3,7}(?: ?[A-Z\d]{1,3})?\b/gu, // IBAN
  /(?<![\w.])\+?\(?\d[\d ()./-]{5,22}\d(?![\w])/gu, // phone, card, customer or order number
];
const DATE = /^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{2,4})$/u;
const LEAST_DIGITS = 7;

export function startIn(root) {
  for (const field of root.querySelectorAll("textarea[data-finds]")) watch(field);
}

function watch(field) {
  const twin = field.parentElement.querySelector("[data-finds-under]");
  const line = field.closest(".field")?.querySelector("[data-finds-line]");
  let timer = 0;
  const look = () => {
    const found = finds(field.value);
    if (twin) underline(twin, field.value, found);
    if (line) tell(line, field.value, found);
  };
  field.addEventListener("input", () => {
    // An underline that no longer fits its word is worse than none.
    if (twin) twin.replaceChildren();
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE_MS);
  });
  field.addEventListener("scroll", () => { if (twin) twin.scrollTop = field.scrollTop; });
  look();
}

/** The places [start, end] in `text` that look private, in order and apart from each other. */
export function finds(text) {
  const places = PATTERNS.flatMap((pattern) => [...text.matchAll(pattern)])
    .filter(([words]) => /[@A-Z]/u.test(words) || isNumber(words))
    .map(({ 0: words, index }) => [index, index + words.length])
    .sort(([a], [b]) => a - b);
  return places.filter(([start], i) => i === 0 || start >= places[i - 1][1]);
}

function isNumber(words) {
  return !DATE.test(words.trim()) && words.replace(/\D/gu, "").length >= LEAST_DIGITS;
}

function underline(twin, text, found) {
  let at = 0;
  const parts = found.flatMap(([start, end]) => {
    const mark = document.createElement("mark");
    mark.textContent = text.slice(start, end);
    const before = text.slice(at, start);
    at = end;
    return [before, mark];
  });
  twin.replaceChildren(...parts, text.slice(at));
  twin.scrollTop = twin.parentElement.querySelector("textarea").scrollTop;
}

function tell(line, text, found) {
  const words = found.slice(0, SHOWN_FINDS).map(([start, end]) => `“${text.slice(start, end)}”`).join(", ");
  line.hidden = found.length === 0;
  const told = words ? line.dataset.words.replace("{finds}", () => words) : "";
  if (line.textContent !== told) line.textContent = told;
}
