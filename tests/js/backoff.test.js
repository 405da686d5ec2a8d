import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, isStreamsTurn, mayReturn } from "../../static/js/live/backoff.js";

test("full jitter: from nothing to a doubling bound that ends at 30 s", () => {
  const bounds = [0, 1, 4, 5, 50].map((failures) => [delay(failures, null, () => 0), delay(failures, null, () => 1)]);
  assert.deepEqual(bounds, [[0, 1_000], [0, 2_000], [0, 16_000], [0, 30_000], [0, 30_000]]);
});

test("the server's own window counts more", () => {
  assert.deepEqual([delay(9, [1_000, 15_000], () => 0), delay(9, [1_000, 15_000], () => 1)], [1_000, 15_000]);
});

test("after three sockets that did not open, stream and socket take turns", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5].map(isStreamsTurn), [false, false, false, true, false, true]);
});

test("only 4500 to 4999 mean: do not come back", () => {
  assert.deepEqual([1006, 4001, 4499, 4500, 4999, 0].map(mayReturn), [true, true, true, false, false, true]);
});
