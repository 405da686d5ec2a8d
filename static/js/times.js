// Shows times (data-when) and days (data-day) in the reader's zone, and keeps ages (data-since, data-until) true to the minute.
// The words for the units come from <html data-units="d h min" data-under-minute="just now">.

import { duration } from "./duration.js";

const MINUTE_MS = 60_000;
const page = globalThis.document?.documentElement;
// The server writes day before month; plain "en" would turn that round.
const language = page?.lang && page.lang !== "en" ? page.lang : "en-GB";
const short = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const full = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long", hourCycle: "h23" });

export function start() {
  localise(document);
  document.addEventListener("board:placed", (event) => localise(event.target));
  setInterval(() => document.hidden || refresh(document), MINUTE_MS);
  document.addEventListener("visibilitychange", () => document.hidden || refresh(document));
}

function localise(root) {
  for (const time of root.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    time.title = full.format(at);
    if ("when" in time.dataset) time.textContent = short.format(at);
    if ("day" in time.dataset) time.textContent = day.format(at);
  }
  refresh(root);
}

function refresh(root) {
  const units = page.dataset.units?.split(" ");
  for (const time of root.querySelectorAll("time[data-since], time[data-until]")) {
    const past = (Date.now() - Date.parse(time.dateTime)) / 1000;
    const seconds = Math.max(0, "since" in time.dataset ? past : -past);
    const text = duration(seconds, units, time.dataset.underMinute ?? page.dataset.underMinute);
    if (time.textContent !== text) time.textContent = text;
  }
}
