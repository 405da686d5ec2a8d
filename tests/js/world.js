// A browser with several tabs and a board that speaks board.v1, as far as the scripts need them, on the clock of a test.

import { mock } from "node:test";

const channels = new Set();
const held = new Map();
const page = new EventTarget();
const STEP_MS = 20;

export const board = { record: [], sockets: new Set(), opened: 0 };

/** Adds an event on these topics, and sends it to whoever follows one of them. */
export function happen(...topics) {
  const seq = board.record.length;
  const prev = (topic) => board.record.findLast((event) => topic in event.topics)?.seq ?? null;
  board.record.push({ seq, topics: Object.fromEntries(topics.map((topic) => [topic, prev(topic)])) });
  for (const socket of board.sockets) socket.send(board.record.at(-1));
}

export function tellHead() {
  for (const socket of board.sockets) socket.onmessage?.({ data: JSON.stringify({ t: "at", seq: board.record.length - 1 }) });
}

/** Every socket ends: the server is gone for a moment, or says why. */
export function cut(code = 1006) {
  for (const socket of [...board.sockets]) socket.end(code);
}

export function sayGoodbye(...window) {
  for (const socket of board.sockets) socket.onmessage({ data: JSON.stringify({ t: "bye", retry_ms: window }) });
}

/** The machine sleeps: no timer runs, and the server has given up on its sockets, which hear nothing of it. */
export function sleep(ms) {
  board.sockets.clear();
  mock.timers.setTime(Date.now() + ms);
}

/** The first tab no longer speaks or hears, until the function that is returned is called. */
export function freeze() {
  const [first] = channels;
  first.isFrozen = true;
  return () => { first.isFrozen = false; };
}

export async function pass(ms) {
  for (let passed = 0; passed < ms; passed += STEP_MS) {
    mock.timers.tick(STEP_MS);
    await new Promise(setImmediate);
  }
}

class Socket {
  constructor(url) {
    const query = new URL(url).searchParams;
    this.topics = query.get("topics").split(",");
    board.opened += 1;
    setTimeout(() => this.open(Number(query.get("after").split(":")[1])), 5);
  }
  open(after) {
    if (this.isClosed) return;
    board.sockets.add(this);
    this.onmessage({ data: JSON.stringify({ t: "hello", epoch: "k", head: board.record.length - 1 }) });
    for (const event of board.record) if (event.seq > after) this.send(event);
  }
  send({ seq, topics }) {
    for (const topic of this.topics.filter((one) => one in topics)) {
      this.onmessage?.({ data: JSON.stringify({ t: "event", topic, seq, prev: topics[topic] }) });
    }
  }
  end(code) {
    this.close();
    this.onclose?.({ code });
  }
  close() {
    this.isClosed = true;
    board.sockets.delete(this);
  }
}

class Channel {
  constructor(name) {
    this.name = name;
    channels.add(this);
  }
  postMessage(message) {
    const data = JSON.stringify(message);
    for (const other of channels) {
      if (other === this || other.name !== this.name || this.isFrozen || other.isFrozen) continue;
      setTimeout(() => channels.has(other) && other.onmessage({ data: JSON.parse(data) }), 1);
    }
  }
  close() {
    channels.delete(this);
  }
}

const locks = {
  request(name, { signal }, hold) {
    return new Promise((done, refused) => {
      const queue = held.get(name) ?? held.set(name, []).get(name);
      const grant = () => Promise.resolve(hold()).then(() => { queue.shift(); queue[0]?.(); done(); });
      signal.addEventListener("abort", () => {
        if (queue.indexOf(grant) > 0) queue.splice(queue.indexOf(grant), 1);
        refused(signal.reason);
      });
      queue.push(grant);
      if (queue[0] === grant) Promise.resolve().then(grant);
    });
  },
};

export function hide(isHidden) {
  document.hidden = isHidden;
  document.dispatchEvent(new Event("visibilitychange"));
}

export function online(isOnline) {
  navigator.onLine = isOnline;
  page.dispatchEvent(new Event(isOnline ? "online" : "offline"));
}

export function arrive() {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  Object.defineProperty(globalThis, "navigator", { value: { onLine: true, locks }, configurable: true });
  Object.assign(globalThis, { WebSocket: Socket, BroadcastChannel: Channel });
}
