// When to come back, and by which way. Pure.

const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const SOCKET_TRIES = 3;

/** Milliseconds before try number `failures`: full jitter, doubling up to 30 s; `window` is the server's own wish. */
export function delay(failures, window = null, random = Math.random) {
  const [least, most] = window ?? [0, Math.min(LONGEST_MS, FIRST_MS * 2 ** failures)];
  return least + random() * (most - least);
}

/** Whether to try the stream instead of the socket: after three sockets that did not open, every other time. */
export function isStreamsTurn(unopened) {
  return unopened >= SOCKET_TRIES && (unopened - SOCKET_TRIES) % 2 === 0;
}

/** Close codes 4500–4999 say: do not come back. */
export function mayReturn(code) {
  return code < 4500 || code > 4999;
}
