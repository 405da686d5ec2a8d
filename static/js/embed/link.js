// The one link of a page to the board: all widgets that are on screen follow their topics through it.

import { Connection } from "../live/connection.js";
import { watchPresence } from "../live/presence.js";

const COLLECT_MS = 50;

export class Link {
  #readers = new Set();
  #connection;
  #timer = 0;
  #isAway = false;
  #served = { topics: [], epoch: "", seq: 0 };

  constructor(origin, hasSockets) {
    const onFrame = (frame) => {
      this.#served.seq = Math.max(this.#served.seq, frame.seq ?? frame.head ?? 0);
      for (const reader of [...this.#readers]) reader.take(frame);
    };
    this.#connection = new Connection({ origin, hasSockets, wish: () => this.#wish(), onFrame, onState: () => {} });
    watchPresence({ onAway: () => this.#turn(true), onBack: () => this.#turn(false) });
  }

  /** The link opens anew for what it did not follow: once for all widgets that come into view together. */
  add(reader) {
    this.#readers.add(reader);
    const { topics, epoch, seq } = this.#served;
    const isServed = reader.topics.every((topic) => topics.includes(topic)) && reader.epoch === epoch && reader.place() >= seq;
    if (!isServed) this.#openSoon();
  }

  remove(reader) {
    this.#readers.delete(reader);
    if (this.#readers.size === 0) this.#stop();
  }

  restart() {
    this.#connection.restart();
  }

  #turn(isAway) {
    this.#isAway = isAway;
    if (isAway) this.#stop();
    else this.#openSoon();
  }

  #stop() {
    this.#served.topics = [];
    this.#connection.stop();
  }

  #openSoon() {
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      if (this.#readers.size > 0 && !this.#isAway) this.#connection.start();
    }, COLLECT_MS);
  }

  /** From where all of them lack nothing. Who read before the database was restored hears so, and reads again. */
  #wish() {
    const { epoch } = [...this.#readers].at(-1) ?? {};
    const readers = [...this.#readers].filter((reader) => reader.epoch === epoch);
    if (readers.length === 0) return null;
    const topics = [...new Set(readers.flatMap((reader) => reader.topics))];
    const seq = Math.min(...readers.map((reader) => reader.place()));
    this.#served = { topics, epoch, seq };
    return { topics, after: `${epoch}:${seq}`, as: "json" };
  }
}
