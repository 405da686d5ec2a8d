import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { tell } from "../../static/js/embed/telling.js";

test("politely: one message in twenty seconds, and of several issues only how many", () => {
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const said = [];
  const region = { set textContent(words) { said.push([Date.now() - 1_000_000, words]); } };
  const change = (number) => tell(region, { number, sentence: `issue ${number} is resolved`, many: "{n} issues changed" });
  change(1);
  mock.timers.tick(1);
  change(2);
  change(3);
  change(3);
  mock.timers.tick(10_000);
  change(4);
  mock.timers.tick(30_000);
  change(5);
  mock.timers.tick(30_000);
  assert.deepEqual(said.map(([, words]) => words), ["issue 1 is resolved", "3 issues changed", "issue 5 is resolved"]);
  assert.ok(said[1][0] - said[0][0] >= 20_000);
  mock.timers.reset();
});
