// When to come back, and by which way. Pure.

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const SOCKET_TRIES = 2;
const PROVEN_SOCKET_TRIES = 8;
const AGAIN_MS = 10 * 60_000;
const SOON_AGAIN_MS = 30_000;

/** Milliseconds before try number `failures`: full jitter, doubling up to 30 s; `window` is the server's own wish. */
export function delay(failures, window = null, random = Math.random) {
  const [least, most] = window ?? [0, Math.min(LONGEST_MS, FIRST_MS * 2 ** failures)];
  return least + random() * (most - least);
}

/** Close codes 4500–4999 say: do not come back. */
export function mayReturn(code) {
  return code < 4500 || code > 4999;
}

/** Which way to try: the stream where sockets bring no message, sockets again after a while. */
export class Ways {
  #hasSockets;
  #silent = 0;
  #isOnStream = false;
  #hasSocketWorked = false;

  /** Without sockets (a page whose policy lists none) there is the stream alone. */
  constructor(hasSockets = true) {
    this.#hasSockets = hasSockets;
  }

  get hasSockets() {
    return this.#hasSockets;
  }

  /** Whether the next try is the stream's. After some silent sockets (more, where one has worked), they take turns. */
  isStreamsTurn() {
    if (!this.#hasSockets) return true;
    if (this.#isOnStream) return this.#silent % 2 === 0;
    const tries = this.#hasSocketWorked ? PROVEN_SOCKET_TRIES : SOCKET_TRIES;
    return this.#silent >= tries && (this.#silent - tries) % 2 === 0;
  }

  tried() {
    this.#silent += 1;
  }

  /** A message came: this way works. */
  heard(isStream) {
    this.#silent = 0;
    this.#isOnStream = isStream;
    this.#hasSocketWorked ||= !isStream;
  }

  /** Milliseconds until a stream that serves gives way: soon, where sockets worked and the server was merely away. */
  trialAfter(random = Math.random) {
    return (this.#hasSocketWorked ? SOON_AGAIN_MS : AGAIN_MS) * (0.5 + random());
  }

  /** The stream has served for a while: one socket is tried, and then the stream again. */
  trySocket() {
    this.#silent = SOCKET_TRIES - 1;
    this.#isOnStream = false;
    this.#hasSocketWorked = false;
  }
}
