// The quiet line [data-live-line]: live, reconnecting, offline since 14:03, or stopped. Its words come from the page:
// data-word-live, data-word-again, data-word-offline ("offline since {time}"), data-word-stopped, data-word-reload.

import { say } from "../say.js";

const NOTICED_AFTER_MS = 1_500;
const OFFLINE_AFTER_MS = 15_000;

let lostAt = null;
let timers = [];
let isSilenceTold = false;

/** `state` is what a Connection says: "open", "lost", "away" or "stopped". */
export function showState(state) {
  if (state === "open") return showOpen();
  if (state === "stopped") return finish("stopped");
  const isFirst = lostAt === null;
  lostAt ??= new Date();
  if (state === "away") return showOffline();
  if (!isFirst) return;
  timers = [
    setTimeout(() => show("again"), NOTICED_AFTER_MS),
    setTimeout(showOffline, OFFLINE_AFTER_MS),
  ];
}

/** The page must be loaded again, and the reader decides when; `url` is its address where it answered a form. */
export function offerReload(url = location.pathname + location.search) {
  const line = finish("reload");
  if (!line) return;
  const link = document.createElement("a");
  link.href = url;
  link.textContent = line.textContent;
  line.replaceChildren(link);
}

function showOpen() {
  settle();
  lostAt = null;
  const line = show("live");
  if (isSilenceTold && line) say(line.textContent);
  isSilenceTold = false;
}

function showOffline() {
  settle();
  const line = show("offline");
  if (line && !isSilenceTold) say(line.textContent);
  isSilenceTold = true;
}

function finish(state) {
  settle();
  lostAt ??= new Date();
  const line = show(state);
  if (line) say(line.textContent);
  return line;
}

function settle() {
  timers.forEach(clearTimeout);
  timers = [];
}

function show(state) {
  const line = document.querySelector("[data-live-line]");
  if (!line) return null;
  const text = line.getAttribute(`data-word-${state}`) ?? line.dataset.wordOffline ?? "";
  line.textContent = text.replace("{time}", clockTime(lostAt ?? new Date()));
  line.dataset.state = state;
  line.hidden = text === "";
  return line;
}

function clockTime(at) {
  return at.toLocaleTimeString(document.documentElement.lang || "en", { timeStyle: "short", hourCycle: "h23" });
}
