// Looks for similar issues while somebody writes: form[data-similar="/similar"], shown in [data-similar-into].
// The server renders them; an answer that was overtaken by typing is thrown away.

import { fragment } from "./trust.js";

const PAUSE_MS = 250;
const LEAST_CHARACTERS = 12;
const MOST_CHARACTERS = 400;

export function start() {
  const form = document.querySelector("form[data-similar]");
  const place = document.querySelector("[data-similar-into]");
  let timer = 0;
  let request = new AbortController();
  const body = form.elements.namedItem("body");
  const ask = () => {
    clearTimeout(timer);
    request.abort();
    request = new AbortController();
    const { signal } = request;
    timer = setTimeout(() => look(form.dataset.similar, body.value.trim(), { place, signal }), PAUSE_MS);
  };
  body.addEventListener("input", ask);
  // Whoever types faster than the script comes has words in the field already.
  ask();
}

async function look(url, words, { place, signal }) {
  if (words.length < LEAST_CHARACTERS) return;
  try {
    const answer = await fetch(`${url}?${new URLSearchParams({ q: words.slice(0, MOST_CHARACTERS) })}`, { signal });
    if (answer.ok) show(place, await answer.text());
  } catch (error) {
    if (error.name !== "AbortError") console.info("similar issues are not to be had", error);
  }
}

function show(place, html) {
  // Whoever is about to follow one of the links keeps it.
  if (place.contains(document.activeElement)) return;
  const found = fragment(html);
  if (found.textContent.trim() === place.textContent.trim()) return;
  place.replaceChildren(found);
  place.dispatchEvent(new CustomEvent("board:placed", { bubbles: true }));
}
