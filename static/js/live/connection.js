// Keeps one link to the server: comes back with full jitter, waits while the network is away, and stops where the server
// says so. What it carries is its owner's business.

import { delay, mayReturn, Ways } from "./backoff.js";
import { socketLink, streamLink } from "./links.js";

const OPENING_MS = 10_000;
const STEADY_MS = 10_000;
const LOOK_MS = 20_000;
const SLEPT_MS = 2 * 60_000;
const TOO_FAST = 4009;
const TOO_FAST_FAILURES = 5;

export class Connection {
  #origin; #wish; #ticket; #onFrame; #onState;
  #ways;
  #listening = null;
  #letGo = null;
  #attempt = 0;
  #timer = 0;
  #streamTimer = 0;
  #failures = 0;
  #retryWindow = null;

  /** `wish()` gives {topics, after, as} each time it opens, or null for: stay closed until `start`; `ticket()` what is sent
      first, or null for: stop. `onState` hears "open", "lost", "away" (offline) or "stopped" (by the server). */
  constructor({ origin, wish, ticket = () => "", hasSockets = true, onFrame, onState }) {
    this.#origin = origin;
    this.#ways = new Ways(hasSockets);
    this.#wish = wish;
    this.#ticket = ticket;
    this.#onFrame = onFrame;
    this.#onState = onState;
  }

  /** Opens at once; also anew, where the wish has changed. */
  start() {
    if (!this.#listening) this.#listen();
    this.#failures = 0;
    this.#open();
  }

  /** Lets go in silence; `start` goes on from the cursor. */
  stop() {
    this.#listening?.abort();
    this.#listening = null;
    this.#leave();
  }

  /** Something is missing: come back with the cursor. */
  restart() {
    this.#lost();
  }

  #listen() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    addEventListener("online", () => this.start(), { signal });
    addEventListener("offline", () => this.#leave("away"), { signal });
    // A machine that has slept has links that only seem to be there.
    let looked = Date.now();
    const looking = setInterval(() => {
      if (Date.now() - looked > SLEPT_MS) this.start();
      looked = Date.now();
    }, LOOK_MS);
    signal.addEventListener("abort", () => clearInterval(looking));
  }

  async #open() {
    this.#leave();
    if (!navigator.onLine) return this.#onState("away");
    const attempt = this.#attempt;
    this.#timer = setTimeout(() => this.#lost(), OPENING_MS);
    try {
      const ticket = await this.#ticket();
      if (attempt !== this.#attempt) return;
      if (ticket === null) this.#refused();
      else this.#link(ticket);
    } catch {
      if (attempt === this.#attempt) this.#lost();
    }
  }

  #link(ticket) {
    const wish = this.#wish();
    if (!wish) return this.#leave();
    const { topics, after, as } = wish;
    const isStream = !ticket && this.#ways.isStreamsTurn();
    const query = new URLSearchParams({ topics: topics.join(","), after, as });
    let isFirst = true;
    const onFrame = (frame) => {
      if (isFirst) this.#opened(isStream);
      isFirst = false;
      if (frame.t === "bye") this.#retryWindow = frame.retry_ms;
      this.#onFrame(frame);
    };
    const onEnd = (code) => (mayReturn(code) ? this.#lost(code) : this.#refused());
    this.#ways.tried();
    this.#letGo = (isStream ? streamLink : socketLink)(this.#origin, query, { ticket, onFrame, onEnd });
  }

  /** The first message has come: what merely opens may still be a proxy that passes nothing on. */
  #opened(isStream) {
    clearTimeout(this.#timer);
    this.#ways.heard(isStream);
    // Only a link that lasts forgives: one that is closed at once must not be tried in a tight circle.
    this.#timer = setTimeout(() => { this.#failures = 0; }, STEADY_MS);
    if (isStream && this.#ways.hasSockets) this.#streamTimer = setTimeout(() => this.#trySocket(), this.#ways.trialAfter());
    this.#onState("open");
  }

  #trySocket() {
    this.#ways.trySocket();
    this.#open();
  }

  #refused() {
    this.stop();
    this.#onState("stopped");
  }

  #lost(code = 0) {
    this.#leave("lost");
    if (!this.#listening) return;
    if (code === TOO_FAST) this.#failures = Math.max(this.#failures, TOO_FAST_FAILURES);
    this.#timer = setTimeout(() => this.#open(), delay(this.#failures, this.#retryWindow));
    this.#failures += 1;
    this.#retryWindow = null;
  }

  #leave(state = null) {
    this.#attempt += 1;
    clearTimeout(this.#timer);
    clearTimeout(this.#streamTimer);
    this.#letGo?.();
    this.#letGo = null;
    if (state) this.#onState(state);
  }
}
