import assert from "node:assert/strict";
import { test } from "node:test";
import { length } from "../../static/js/counter.js";
import { wasTaken } from "../../static/js/draft.js";
import { duration } from "../../static/js/duration.js";
import { pieces } from "../../static/js/finds.js";
import { countedText } from "../../static/js/counted.js";
import { localFromUtc, utcFromLocal } from "../../static/js/local_time.js";
import { suggestTitle } from "../../static/js/suggest_title.js";

test("a duration has the two largest units of days, hours and minutes", () => {
  const texts = [0, 59, 60, 3_599, 3_600, 15_120, 86_400, 86_460, 273_600].map((seconds) => duration(seconds));
  assert.deepEqual(texts, ["0 min", "0 min", "1 min", "59 min", "1 h", "4 h 12 min", "1 d", "1 d", "3 d 4 h"]);
});

test("a duration takes the page's words", () => {
  assert.deepEqual([duration(90_000, ["T", "Std.", "Min."]), duration(5, undefined, "just now")], ["1 T 1 Std.", "just now"]);
});

test("the title is the first sentence that says more than a greeting", () => {
  const titles = ["Hello! My parcel is lost. Help", "Refund?\nI wait since May", "  Charged   twice for one label.  Why", "Hi", "", "Where is it?!"];
  assert.deepEqual(titles.map((text) => suggestTitle(text)), ["My parcel is lost", "I wait since May", "Charged twice for one label", "Hi", "", "Where is it?!"]);
});

test("a long sentence is cut between words and ends in an ellipsis", () => {
  assert.equal(suggestTitle("one two three four five", 14), "one two three…");
  assert.equal(suggestTitle("a".repeat(20), 14), `${"a".repeat(13)}…`);
});

test("characters are counted as the server counts them", () => {
  assert.equal(length("a\r\n😀"), 3);
});

test("a draft is forgotten only when the server took it", () => {
  const arrivals = [
    { type: "navigate", redirectCount: 1, responseStatus: 200 }, { type: "navigate", redirectCount: 0, responseStatus: 201 },
    { type: "navigate", redirectCount: 0, responseStatus: 422 }, { type: "navigate", redirectCount: 0 },
    { type: "back_forward", redirectCount: 1, responseStatus: 200 }, undefined,
  ];
  assert.deepEqual(arrivals.map(wasTaken), [true, true, false, false, false, false]);
});

test("a counted text has the words of its plural category", () => {
  const words = { one: "{n} new issue", many: "{n} new issues" };
  assert.deepEqual([1, 2, 1204].map((count) => countedText(words, count, "en")), ["1 new issue", "2 new issues", "1,204 new issues"]);
  assert.equal(countedText({ one: "{n} новая", few: "{n} новые", many: "{n} новых" }, 3, "ru"), "3 новые");
});

test("finds are cut out by whole characters, as the server counts them", () => {
  const parts = pieces("😀 ada@example.org!", [{ start: 2, end: 17 }]);
  assert.deepEqual(parts, [{ words: "😀 ", isFound: false }, { words: "ada@example.org", isFound: true }, { words: "!", isFound: false }]);
  assert.deepEqual(pieces("Nothing.", []), [{ words: "Nothing.", isFound: false }]);
});

test("a time goes from UTC to the reader's clock and back", () => {
  assert.equal(utcFromLocal(localFromUtc("2026-07-14T07:40")), "2026-07-14T07:40");
});
