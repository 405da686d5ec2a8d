import assert from "node:assert/strict";
import { test } from "node:test";
import { isRenewing } from "../../static/js/live/renew.js";

test("what changes the acts or the own words renews the parts that depend on the reader, nothing else does", () => {
  const renewing = ["issue.resolved", "issue.reopened", "issue.waiting", "issue.confirmed", "text.redacted", "text.corrected", "comment.rejected", "comment.published"];
  const others = ["update.posted", "comment.posted", "promise.made", "issue.assigned", "issue.moved", "thanks.given"];
  assert.deepEqual([...renewing, ...others].filter(isRenewing), renewing);
});
