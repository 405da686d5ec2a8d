import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, mayReturn, Ways } from "../../static/js/live/backoff.js";

/** The next tries where none of them brings a message: S for socket, e for stream. */
function tries(ways, count) {
  return Array.from({ length: count }, () => {
    const isStream = ways.isStreamsTurn();
    ways.tried();
    return isStream ? "e" : "S";
  }).join("");
}

test("full jitter: from nothing to a doubling bound that ends at 30 s", () => {
  const bounds = [0, 1, 4, 5, 50].map((failures) => [delay(failures, null, () => 0), delay(failures, null, () => 1)]);
  assert.deepEqual(bounds, [[0, 1_000], [0, 2_000], [0, 16_000], [0, 30_000], [0, 30_000]]);
});

test("the server's own window counts more", () => {
  assert.deepEqual([delay(9, [1_000, 15_000], () => 0), delay(9, [1_000, 15_000], () => 1)], [1_000, 15_000]);
});

test("after two sockets without a message, stream and socket take turns", () => {
  assert.equal(tries(new Ways(), 7), "SSeSeSe");
});

test("where a socket has brought messages, it takes eight without any", () => {
  const ways = new Ways();
  ways.heard(false);
  assert.equal(tries(ways, 11), "SSSSSSSSeSe");
});

test("what works is tried first", () => {
  const ways = new Ways();
  tries(ways, 3);
  ways.heard(true);
  assert.equal(tries(ways, 3), "eSe");
  ways.heard(false);
  assert.equal(tries(ways, 1), "S");
});

test("a stream that has served for a while gives one socket its turn", () => {
  const ways = new Ways();
  ways.heard(false);
  tries(ways, 9);
  ways.heard(true);
  assert.equal(ways.trialAfter(() => 0.5), 30_000);
  ways.trySocket();
  assert.equal(tries(ways, 3), "SeS");
  ways.heard(true);
  assert.equal(ways.trialAfter(() => 0.5), 600_000);
});

test("only 4500 to 4999 mean: do not come back", () => {
  assert.deepEqual([1006, 4001, 4499, 4500, 4999, 0].map(mayReturn), [true, true, true, false, false, true]);
});

test("where no sockets may be, the stream alone is tried, for ever", () => {
  const ways = new Ways(false);
  assert.equal(tries(ways, 6), "eeeeee");
  ways.heard(true);
  assert.equal(tries(ways, 3), "eee");
  assert.equal(ways.hasSockets, false);
});
