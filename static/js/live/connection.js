// Keeps one link to the server for as long as somebody looks at the page: comes back with full jitter, waits while
// the network or the reader is away, and stops where the server says so.

import { delay, isStreamsTurn, mayReturn } from "./backoff.js";
import { socketLink, streamLink, ticketFor } from "./links.js";

const HIDDEN_MS = 5 * 60_000;
const OPENING_MS = 10_000;
const STEADY_MS = 10_000;
const TOO_FAST = 4009;
const TOO_FAST_FAILURES = 5;

export class Connection {
  #topics; #cursor; #onFrame; #onState;
  #letGo = null;
  #attempt = 0;
  #timer = 0;
  #hiddenSince = null;
  #hiddenTimer = 0;
  #failures = 0;
  #unopened = 0;
  #hasSocketOpened = false;
  #hasStreamOpened = false;
  #retryWindow = null;
  #isStopped = false;

  /** `cursor()` gives "EPOCH:SEQ"; `onState` hears "open", "lost", "away" (offline) or "stopped". */
  constructor({ topics, cursor, onFrame, onState }) {
    this.#topics = topics;
    this.#cursor = cursor;
    this.#onFrame = onFrame;
    this.#onState = onState;
  }

  start() {
    document.addEventListener("visibilitychange", () => this.#look());
    addEventListener("online", () => this.#resume());
    addEventListener("offline", () => this.#leave("away"));
    addEventListener("pagehide", () => this.#leave("lost"));
    addEventListener("pageshow", (event) => event.persisted && this.#resume());
    this.#look();
    this.#open();
  }

  /** Something is missing: come back with the cursor. */
  restart() {
    this.#lost();
  }

  stop() {
    this.#isStopped = true;
    this.#leave("stopped");
  }

  async #open() {
    this.#leave();
    if (this.#isStopped) return;
    if (!navigator.onLine) return this.#onState("away");
    const attempt = this.#attempt;
    const isCurrent = () => attempt === this.#attempt;
    this.#timer = setTimeout(() => this.#lost(), OPENING_MS);
    try {
      const ticket = await ticketFor(this.#topics);
      if (!isCurrent()) return;
      if (ticket === null) return this.stop();
      this.#link(ticket);
    } catch {
      if (isCurrent()) this.#lost();
    }
  }

  #link(ticket) {
    const query = new URLSearchParams({ topics: this.#topics.join(","), after: this.#cursor(), as: "html" });
    const isStream = !ticket && this.#isStream();
    const handlers = {
      onOpen: () => this.#opened(isStream),
      onFrame: (frame) => this.#take(frame),
      onEnd: (code) => (mayReturn(code) ? this.#lost(code) : this.stop()),
    };
    this.#unopened += 1;
    this.#letGo = isStream ? streamLink(query, handlers) : socketLink(query, ticket, handlers);
  }

  #isStream() {
    return (this.#hasStreamOpened && !this.#hasSocketOpened) || isStreamsTurn(this.#unopened);
  }

  #opened(isStream) {
    clearTimeout(this.#timer);
    this.#unopened = 0;
    this.#hasStreamOpened ||= isStream;
    this.#hasSocketOpened ||= !isStream;
    // Only a link that lasts forgives: one that is closed at once must not be tried in a tight circle.
    this.#timer = setTimeout(() => { this.#failures = 0; }, STEADY_MS);
    this.#onState("open");
  }

  #take(frame) {
    if (frame.t === "bye") this.#retryWindow = frame.retry_ms;
    this.#onFrame(frame);
  }

  #lost(code = 0) {
    this.#leave("lost");
    if (this.#isStopped) return;
    if (code === TOO_FAST) this.#failures = Math.max(this.#failures, TOO_FAST_FAILURES);
    this.#timer = setTimeout(() => this.#open(), delay(this.#failures, this.#retryWindow));
    this.#failures += 1;
    this.#retryWindow = null;
  }

  #leave(state = null) {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#letGo?.();
    this.#letGo = null;
    if (state) this.#onState(state);
  }

  #look() {
    clearTimeout(this.#hiddenTimer);
    const wasAway = this.#isAway();
    this.#hiddenSince = document.hidden ? Date.now() : null;
    if (document.hidden) this.#hiddenTimer = setTimeout(() => this.#leave("lost"), HIDDEN_MS);
    else if (wasAway) this.#resume();
  }

  #resume() {
    if (this.#isAway()) return;
    this.#failures = 0;
    this.#open();
  }

  /** Hidden for so long that the link was let go. A sleeping machine runs no timers, so the clock decides. */
  #isAway() {
    return this.#hiddenSince !== null && Date.now() - this.#hiddenSince >= HIDDEN_MS;
  }
}
