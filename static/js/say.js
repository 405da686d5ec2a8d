// Tells a screen reader what has changed, through the page's polite region [data-live-say], at most once in 5 s.
// What comes in between is said together, the newest last; several comments only as their number, in the region's words
// by plural category: data-one="1 new comment" data-many="{n} new comments".

import { countedText } from "./counted.js";

const GATHER_MS = 500;
const PAUSE_MS = 5_000;
const MOST_CHARACTERS = 300;

let waiting = [];
let comments = [];
let timer = 0;
let last = -PAUSE_MS;

export function say(text) {
  const words = flat(text);
  if (!words || waiting.includes(words)) return;
  waiting.push(words);
  speakSoon();
}

export function sayComment(text) {
  comments.push(flat(text));
  speakSoon();
}

/** Takes back what was said: it may hold words that were erased just now. */
export function hush() {
  waiting = [];
  comments = [];
  region()?.replaceChildren();
}

function flat(text) {
  return text.replace(/\s+/gu, " ").trim();
}

function speakSoon() {
  timer ||= setTimeout(speak, Math.max(GATHER_MS, last + PAUSE_MS - performance.now()));
}

function speak() {
  const place = region();
  const counted = comments.length > 1 ? [countedText(place?.dataset ?? {}, comments.length, language())] : comments;
  if (place) place.textContent = [...counted, ...waiting].join(" · ").slice(-MOST_CHARACTERS);
  waiting = [];
  comments = [];
  timer = 0;
  last = performance.now();
}

function region() {
  return document.querySelector("[data-live-say]");
}

function language() {
  return document.documentElement.lang || "en";
}
