// Keeps the page true while it is read: <main data-live="issue:128,board" data-after="EPOCH:SEQ">, on an issue's page
// with data-url (its address) and data-shown (the visibility it was rendered for).
// Applies each event of its topics in order and once, or loads the page again where the server says so.

import { followTopics } from "./live/follow.js";
import { offerReload, showState } from "./live/line.js";
import { place, takeOut } from "./live/place.js";
import { isRenewing, renew } from "./live/renew.js";
import { fetchTicket } from "./live/ticket.js";
import { countUnseen } from "./live/unseen.js";
import { hush, say, sayComment, sayIssue } from "./say.js";

const RELOADED = "board:reloaded";
const LEAST_BETWEEN_RELOADS_MS = 30_000;
const NEW_ISSUE = new Set(["issue.filed", "issue.held", "issue.published"]);
const ERASING = new Set(["text.redacted", "issue.removed", "issue.rejected", "comment.rejected"]);
const HIDING = new Set([...ERASING, "issue.held", "comment.held"]);
const COPIES = 'meta[name="description"], meta[property^="og:"], [data-linked]'; // of words, for search engines and networks

export function start() {
  const page = document.querySelector("[data-live]").dataset;
  const topics = page.live.split(",").map((topic) => topic.trim());
  const stop = followTopics({
    origin: location.origin, topics, after: page.after, as: "html", ticket: topics.includes("queue") ? fetchTicket : undefined,
    onEvent: apply, onReset: loadAgain, onState: showState,
  });

  function apply(frame) {
    if (ERASING.has(frame.event)) hush();
    if (!frame.topic.startsWith("issue:")) return applyToList(frame);
    // What others may no longer see leaves the page at once, whatever is typed here; and a stub gives way the same way.
    const isOwn = frame.topic === `issue:${frame.issue.number}`; // and not that of an issue that was merged with it
    if (isOwn && frame.issue.visibility !== page.shown) return open(page.url);
    // A held issue has no frames: whoever sees it all the same gets it fresh.
    if (!frame.html && document.getElementById("timeline")) return loadAgain();
    applyToCase(frame);
  }
  function loadAgain() {
    stop();
    const sinceLast = Date.now() - Number(sessionStorage.getItem(RELOADED) ?? 0);
    // Words in a field, or a page that was loaded again just now: the reader decides.
    if (hasWords() || sinceLast < LEAST_BETWEEN_RELOADS_MS) return offerReload(page.url);
    sessionStorage.setItem(RELOADED, String(Date.now()));
    open(page.url);
  }
  /** Loads the page anew. One that answered a form has another address, which must not be asked for again. */
  function open(url) {
    stop();
    if (!url || new URL(url, location.href).pathname === location.pathname) location.reload();
    else location.replace(url);
  }
}

function applyToCase({ event, html }) {
  if (HIDING.has(event)) for (const copy of document.querySelectorAll(COPIES)) copy.remove();
  const title = issueTitle();
  const tell = event === "comment.posted" ? sayComment : say;
  for (const element of place(html, { isHiding: HIDING.has(event) })) tell(spoken(element));
  if (title) document.title = document.title.replace(title, issueTitle);
  if (isRenewing(event)) renew();
}

/** The words of an entry for whoever hears them: [data-say] without the tools in it. */
function spoken(element) {
  const words = (element.querySelector("[data-say]") ?? element).cloneNode(true);
  for (const tool of words.querySelectorAll("[data-unsaid]")) tool.remove();
  return words.textContent;
}

function issueTitle() {
  return document.querySelector("[data-title]")?.textContent.trim();
}

function applyToList({ topic, event, issue, html }) {
  if (html && document.getElementById(`issue-${issue?.number}`)) sayIssue(issue.number);
  if (issue && topic !== "queue" && issue.visibility !== "public") takeOut(`issue-${issue.number}`);
  place(html ?? "", { isHiding: HIDING.has(event), onAbsent: NEW_ISSUE.has(event) ? countUnseen : undefined });
}

function hasWords() {
  const fields = [...document.querySelectorAll("textarea, input:not([type=hidden])")];
  return fields.some((field) => field.value !== field.defaultValue);
}
