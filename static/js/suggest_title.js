// Suggests a title from the first sentence until the person writes one: data-suggest-title="body" on the title's field.

const LIMIT = 140;
const GREETING_WORDS = 2;

export function start() {
  for (const title of document.querySelectorAll("[data-suggest-title]")) watch(title);
}

function watch(title) {
  const body = document.getElementById(title.dataset.suggestTitle);
  if (!body) return;
  let suggested = "";
  body.addEventListener("input", () => {
    if (title.value !== "" && title.value !== suggested) return;
    suggested = suggestTitle(body.value);
    title.value = suggested;
  });
}

/** The first sentence of `text` that says more than a greeting, on one line, at most `limit` characters. */
export function suggestTitle(text, limit = LIMIT) {
  const sentences = text.split(/\n+|(?<=[.!?…。！？])\s+/u).map(tidy).filter(Boolean);
  const first = sentences.find((sentence) => sentence.split(" ").length > GREETING_WORDS) ?? sentences[0] ?? "";
  return cut(first.replace(/(?<!\.)\.$/u, ""), limit);
}

function tidy(sentence) {
  return sentence.replace(/\s+/gu, " ").trim();
}

function cut(sentence, limit) {
  const characters = [...sentence];
  if (characters.length <= limit) return sentence;
  const head = characters.slice(0, limit - 1).join("");
  const end = head.lastIndexOf(" ");
  return `${end > limit / 2 ? head.slice(0, end) : head}…`;
}
