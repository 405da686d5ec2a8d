// One of several tabs of a browser that share a link. A Web Lock says which of them leads; the rest hear its frames through
// a BroadcastChannel. Where nobody answers, a tab has a link of its own, and asks again as it goes on.

import { Connection } from "./connection.js";
import { Lead } from "./lead.js";

const ANSWER_MS = 3_000;
const SILENT_MS = 45_000;

export const canShare = () => Boolean(globalThis.BroadcastChannel && navigator.locks && crypto.randomUUID);

export class Tab {
  #id = crypto.randomUUID();
  #shared; #topics; #seq; #onFrame; #onState;
  #own;
  #isAlone = false;
  #channel = null;
  #leaving = null;
  #lead = null;
  #leader = null;
  #ask = 0;
  #timer = 0;

  /** Tabs share a link if they name the same board, epoch and form; `seq()` is where this one stands. */
  constructor({ origin, epoch, as, topics, seq, onFrame, onState }) {
    this.#shared = { origin, epoch, as };
    this.#topics = topics;
    this.#seq = seq;
    this.#onFrame = onFrame;
    this.#onState = onState;
    const wish = () => ({ topics, after: `${epoch}:${seq()}`, as });
    this.#own = new Connection({ origin, wish, onFrame: (frame) => this.#takeOwn(frame), onState });
  }

  start() {
    const { origin, epoch, as } = this.#shared;
    const name = `board.v1 ${origin} ${epoch} ${as}`;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    this.#leaving = new AbortController();
    const { signal } = this.#leaving;
    // Held until this tab leaves; refused where it leaves without having led, or where the browser gives no locks here.
    const leading = navigator.locks.request(name, { signal }, () => this.#holdLead(signal));
    leading.catch(() => signal.aborted || this.#goAlone());
    this.#askIn();
  }

  /** Leaves the others, who find another leader where this was it; `start` comes back. */
  stop() {
    if (!this.#channel) return;
    this.#post({ t: "leave", id: this.#id });
    this.#leaving.abort();
    this.#lead?.stop();
    this.#own.stop();
    this.#channel.close();
    clearTimeout(this.#timer);
    this.#channel = this.#lead = this.#leader = null;
    this.#isAlone = false;
  }

  /** Something is missing: what comes from the leader is taken again once it begins where this tab stands. */
  restart() {
    if (this.#isAlone) this.#own.restart();
    else this.#askIn();
  }

  #holdLead(signal) {
    if (signal.aborted) return;
    this.#lead = new Lead({ ...this.#shared, by: this.#id, post: (message) => this.#post(message) });
    this.#lead.start();
    return new Promise((done) => signal.addEventListener("abort", done, { once: true }));
  }

  #post(message) {
    this.#channel?.postMessage(message);
    this.#hear(message);
  }

  #hear(message) {
    if (message.t === "want") this.#lead?.want(message);
    if (message.t === "leave") this.#lead?.leave(message);
    if (message.t === "lead") this.#askIn();
    if (message.to === this.#id && [this.#ask, null].includes(message.ask)) this.#answered(message);
    if (message.by !== this.#leader || this.#leader === null) return;
    this.#waitFor(SILENT_MS);
    if (message.t === "frame") this.#onFrame(message.frame);
    if (message.t === "state") this.#onState(message.state);
  }

  #askIn() {
    if (!this.#channel) return;
    this.#leader = null;
    this.#ask += 1;
    if (!this.#isAlone) this.#waitFor(ANSWER_MS);
    this.#post({ t: "want", id: this.#id, ask: this.#ask, topics: this.#topics, seq: this.#seq() });
  }

  #answered({ t, by, state }) {
    if (t === "apart") return this.#goAlone();
    this.#own.stop();
    this.#isAlone = false;
    this.#leader = by;
    this.#waitFor(SILENT_MS);
    this.#onState(state);
  }

  #waitFor(longest) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#goAlone();
      this.#askIn();
    }, longest);
  }

  #goAlone() {
    clearTimeout(this.#timer);
    this.#leader = null;
    if (this.#isAlone) return;
    this.#isAlone = true;
    this.#own.start();
  }

  #takeOwn(frame) {
    this.#onFrame(frame);
    if (frame.t === "at") this.#askIn();
  }
}
