import assert from "node:assert/strict";
import { test } from "node:test";
import { gather, isServed } from "../../static/js/live/wants.js";

const want = (id, seq, ...topics) => ({ id, seq, topics });
const ids = (wants) => wants.map(({ id }) => id);

test("a tab is served by a link that is not ahead of it in any of its topics", () => {
  const cursors = { board: 10, "issue:1": 7 };
  const wants = [want("a", 10, "board"), want("b", 9, "board"), want("c", 8, "issue:1"), want("d", 10, "board", "issue:2")];
  assert.deepEqual(wants.map((one) => isServed(cursors, one)), [true, false, true, false]);
});

test("the next link follows what the tabs want, from where the last of them stands", () => {
  const next = gather({ board: 10, "area:app": 9 }, { a: ["board"] }, [want("b", 8, "board"), want("c", 12, "issue:1")]);
  assert.deepEqual({ ...next, taken: ids(next.taken) }, { cursors: { board: 8, "issue:1": 12 }, taken: ["b", "c"], apart: [] });
});

test("whoever is far behind the rest goes apart, but not where nobody is ahead", () => {
  const far = gather({ board: 1_000 }, { a: ["board"] }, [want("b", 499, "issue:1"), want("c", 500, "issue:2")]);
  assert.deepEqual([ids(far.taken), ids(far.apart)], [["c"], ["b"]]);
  assert.deepEqual(ids(gather({}, {}, [want("a", 3, "board")]).taken), ["a"]);
  assert.deepEqual(ids(gather({}, {}, [want("a", 3, "board"), want("b", 900, "board")]).apart), ["a"]);
});

test("one link carries twenty topics", () => {
  const many = Array.from({ length: 19 }, (_, number) => `issue:${number}`);
  const next = gather({}, {}, [want("a", 5, ...many), want("b", 5, "board", "area:app"), want("c", 5, "board")]);
  assert.deepEqual([ids(next.taken), ids(next.apart)], [["a", "c"], ["b"]]);
});

test("nobody wants anything", () => {
  assert.deepEqual(gather({ board: 4 }, {}, []), { cursors: {}, taken: [], apart: [] });
});
