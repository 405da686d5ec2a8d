import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, raise, resumeAt, startAt } from "../../static/js/live/chain.js";

const at = (topic, seq, prev) => ({ topic, seq, prev });

test("an event whose predecessor was applied is applied and raises the other topics to just before it", () => {
  const cursors = startAt(["issue:1", "board"], 10);
  assert.deepEqual(follow(cursors, at("board", 15, 9)), { verdict: "apply", cursors: { "issue:1": 14, board: 15 } });
});

test("one event on two topics is applied on both", () => {
  const first = follow(startAt(["issue:1", "board"], 10), at("board", 15, 9));
  assert.deepEqual(follow(first.cursors, at("issue:1", 15, 4)), { verdict: "apply", cursors: { "issue:1": 15, board: 15 } });
});

test("a repeat and a frame of an unknown topic change nothing", () => {
  const cursors = startAt(["board"], 10);
  assert.deepEqual(follow(cursors, at("board", 10, 9)), { verdict: "repeat", cursors });
  assert.deepEqual(follow(cursors, at("area:app", 11, 9)), { verdict: "repeat", cursors });
});

test("a frame whose predecessor is unknown is a gap and changes nothing", () => {
  const cursors = startAt(["board"], 10);
  assert.deepEqual(follow(cursors, at("board", 12, 11)), { verdict: "gap", cursors });
});

test("the first event of a topic has no predecessor", () => {
  assert.deepEqual(follow(startAt(["board"], -1), at("board", 0, null)), { verdict: "apply", cursors: { board: 0 } });
});

test("'at' raises every cursor and lowers none; a resume begins at the lowest", () => {
  assert.deepEqual(raise({ a: 3, b: 9 }, 7), { a: 7, b: 9 });
  assert.equal(resumeAt({ a: 7, b: 9 }), 7);
});

test("whatever is dropped, a resume from the lowest cursor applies every event once and in order", () => {
  const record = Array.from({ length: 200 }, (_, seq) => ({ seq, topics: seq % 3 ? ["a"] : ["a", "b"] }));
  const frames = (after) => {
    const last = { a: null, b: null };
    return record.flatMap(({ seq, topics }) => topics.map((topic) => {
      const frame = at(topic, seq, last[topic]);
      last[topic] = seq;
      return frame;
    })).filter(({ seq }) => seq > after);
  };
  let random = 7;
  const chance = () => (random = (random * 48271) % 2147483647) / 2147483647;
  let cursors = startAt(["a", "b"], -1);
  const applied = { a: [], b: [] };
  for (let tries = 0; resumeAt(cursors) < 198 && tries < 10_000; tries += 1) {
    for (const frame of frames(resumeAt(cursors))) {
      if (chance() < 0.05) break;
      const next = follow(cursors, frame);
      assert.notEqual(next.verdict, "gap");
      if (next.verdict === "apply") applied[frame.topic].push(frame.seq);
      cursors = next.cursors;
    }
  }
  assert.deepEqual(applied.a, record.map(({ seq }) => seq).slice(0, applied.a.length));
  assert.deepEqual(applied.b, record.filter(({ topics }) => topics.includes("b")).map(({ seq }) => seq).slice(0, applied.b.length));
  assert.equal(applied.a.length >= 199, true);
});
