// Keeps the page true while it is read: <main data-live="issue:128,board" data-after="EPOCH:SEQ">.
// Applies each event of its topics in order and once, or loads the page again where the server says so.

import { follow, raise, resumeAt, startAt } from "./live/chain.js";
import { Connection } from "./live/connection.js";
import { offerReload, showState } from "./live/line.js";
import { place } from "./live/place.js";
import { countUnseen } from "./live/unseen.js";
import { say } from "./say.js";

const RELOADED = "board:reloaded";
const LEAST_BETWEEN_RELOADS_MS = 30_000;
const NEW_ISSUE = new Set(["issue.filed", "issue.held", "issue.published"]);

export function start() {
  const { live, after } = document.querySelector("[data-live]").dataset;
  const topics = live.split(",").map((topic) => topic.trim());
  const [epoch, seq] = after.split(":");
  let cursors = startAt(topics, Number(seq));
  const cursor = () => `${epoch}:${resumeAt(cursors)}`;
  const connection = new Connection({ topics, cursor, onFrame: take, onState: showState });

  const kinds = {
    hello: (frame) => { if (frame.epoch !== epoch) loadAgain(connection); },
    reset: () => loadAgain(connection),
    at: (frame) => { cursors = raise(cursors, frame.seq); },
    event: (frame) => {
      const next = follow(cursors, frame);
      cursors = next.cursors;
      if (next.verdict === "gap") connection.restart();
      if (next.verdict === "apply") apply(frame);
    },
  };
  function take(frame) {
    kinds[frame.t]?.(frame);
  }
  connection.start();
}

function apply({ event, html }) {
  if (!html) return;
  const appended = place(html, NEW_ISSUE.has(event) ? countUnseen : () => {});
  for (const element of appended) say(element.textContent);
}

function loadAgain(connection) {
  connection.stop();
  const sinceLast = Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0);
  // Words in a field, or a page that was loaded again just now: the reader decides.
  if (hasWords() || sinceLast < LEAST_BETWEEN_RELOADS_MS) {
    offerReload();
    return;
  }
  sessionStorage.setItem(RELOADED, String(Date.now()));
  location.reload();
}

function hasWords() {
  const fields = [...document.querySelectorAll("textarea, input[type=text]")];
  return fields.some((field) => field.value !== field.defaultValue);
}
