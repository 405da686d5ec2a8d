// Tells a screen reader what has changed, through the page's polite region [data-live-say], at most once in 5 s.
// What comes in between is said together, the newest last.

const PAUSE_MS = 5_000;
const MOST_CHARACTERS = 300;

let waiting = [];
let timer = 0;
let last = -PAUSE_MS;

export function say(text) {
  const words = text.replace(/\s+/gu, " ").trim();
  if (!words || waiting.includes(words)) return;
  waiting.push(words);
  timer ||= setTimeout(speak, Math.max(0, last + PAUSE_MS - performance.now()));
}

/** Takes back what was said: it may hold words that were erased just now. */
export function hush() {
  waiting = [];
  document.querySelector("[data-live-say]")?.replaceChildren();
}

function speak() {
  const region = document.querySelector("[data-live-say]");
  if (region) region.textContent = waiting.join(" · ").slice(-MOST_CHARACTERS);
  waiting = [];
  timer = 0;
  last = performance.now();
}
