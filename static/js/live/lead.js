// The tab that holds the one link of this browser: collects what all tabs want and passes every frame on to them.

import { follow, raise, resumeAt } from "./chain.js";
import { Connection } from "./connection.js";
import { gather, isServed } from "./wants.js";

const COLLECT_MS = 100;
const BEAT_MS = 15_000;

export class Lead {
  #by; #epoch; #as; #post; #link;
  #cursors = {};
  #served = {};
  #waiting = new Map();
  #state = "lost";
  #timer = 0;
  #beat = 0;
  #isOver = false;

  /** `by` names this tab; `post` reaches every tab, this one among them. */
  constructor({ by, origin, epoch, as, post }) {
    this.#by = by;
    this.#epoch = epoch;
    this.#as = as;
    this.#post = (message) => post({ ...message, by });
    const wish = () => this.#wish();
    this.#link = new Connection({ origin, wish, onFrame: (frame) => this.#take(frame), onState: (state) => this.#tell(state) });
  }

  /** Asks all tabs what they want; the link opens when they had time to say so. */
  start() {
    this.#beat = setInterval(() => this.#post({ t: "beat" }), BEAT_MS);
    this.#post({ t: "lead" });
  }

  stop() {
    this.#isOver = true;
    clearInterval(this.#beat);
    clearTimeout(this.#timer);
    this.#link.stop();
  }

  want(want) {
    delete this.#served[want.id];
    this.#waiting.delete(want.id);
    if (isServed(this.#cursors, want)) return this.#admit(want);
    const { apart } = gather(this.#cursors, this.#served, [...this.#waiting.values(), want]);
    if (apart.some(({ id }) => id === want.id)) return this.#send(want, "apart");
    this.#waiting.set(want.id, want);
    this.#reopenSoon();
  }

  leave({ id }) {
    delete this.#served[id];
    this.#waiting.delete(id);
  }

  #admit(want) {
    this.#served[want.id] = want.topics;
    this.#send(want, "in");
  }

  #send({ id, ask }, t) {
    this.#post({ t, to: id, ask, state: this.#state });
  }

  #reopenSoon() {
    // This tab may have left because of what it was just told.
    if (this.#isOver) return;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.#link.start();
    }, COLLECT_MS);
  }

  /** What the link follows from now on. Whoever waits is served by it: what comes next comes from the new link. */
  #wish() {
    const { cursors, taken, apart } = gather(this.#cursors, this.#served, [...this.#waiting.values()]);
    this.#waiting.clear();
    this.#cursors = cursors;
    for (const want of taken) this.#admit(want);
    for (const want of apart) this.#send(want, "apart");
    const topics = Object.keys(cursors);
    return topics.length > 0 ? { topics, after: `${this.#epoch}:${resumeAt(cursors)}`, as: this.#as } : null;
  }

  #take(frame) {
    if (frame.t === "event") return this.#takeEvent(frame);
    if (frame.t === "reset" && frame.reason === "behind") return this.#part();
    if (frame.t === "at") this.#cursors = raise(this.#cursors, frame.seq);
    this.#post({ t: "frame", frame });
  }

  #takeEvent(frame) {
    const { verdict, cursors } = follow(this.#cursors, frame);
    this.#cursors = cursors;
    if (verdict === "gap") return this.#link.restart();
    if (verdict === "repeat") return;
    this.#post({ t: "frame", frame });
    // A topic that nobody wants any more ends with the next link.
    if (!Object.values(this.#served).flat().includes(frame.topic)) this.#reopenSoon();
  }

  /** Somebody is too far behind, and only a link of one's own tells who. */
  #part() {
    const ids = Object.keys(this.#served);
    this.#link.stop();
    this.#served = {};
    this.#cursors = {};
    for (const to of ids) this.#post({ t: "apart", to, ask: null });
  }

  #tell(state) {
    this.#state = state;
    this.#post({ t: "state", state });
  }
}
