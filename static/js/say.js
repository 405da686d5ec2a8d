// Tells a screen reader what has changed, through the page's polite region [data-live-say], at most once in 5 s.
// What comes in between is said together, the newest last; several comments, and issues of a list, only as their number,
// in the region's words by plural category: data-one="1 new comment" data-many="{n} new comments" data-issues-one="…" ….

import { countedText } from "./counted.js";

const GATHER_MS = 500;
const PAUSE_MS = 5_000;
const MOST_CHARACTERS = 300;

let waiting = [];
let comments = [];
let issues = new Set();
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

/** An issue in a list has changed; of its words nobody who reads another one wants to hear. */
export function sayIssue(number) {
  issues.add(number);
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
  const words = place?.dataset ?? {};
  const told = comments.length > 1 ? [countedText(words, comments.length, language())] : comments;
  const changed = issues.size > 0 ? [countedText(ofIssues(words), issues.size, language())] : [];
  if (place) place.textContent = [...told, ...changed, ...waiting].join(" · ").slice(-MOST_CHARACTERS);
  waiting = [];
  comments = [];
  issues = new Set();
  timer = 0;
  last = performance.now();
}

function ofIssues(words) {
  const own = Object.entries(words).filter(([name]) => name.startsWith("issues"));
  return Object.fromEntries(own.map(([name, text]) => [name.slice("issues".length).toLowerCase(), text]));
}

function region() {
  return document.querySelector("[data-live-say]");
}

function language() {
  return document.documentElement.lang || "en";
}
