// Counts new issues that are not on the page behind one link, a[data-live-new], so that no row moves while it is read.
// Its words by plural category: data-one="1 new issue" data-many="{n} new issues" (and data-few where there is one).

import { say } from "../say.js";

const unseen = new Set();

export function countUnseen(element) {
  const link = document.querySelector("[data-live-new]");
  if (!link || unseen.has(element.id)) return;
  unseen.add(element.id);
  link.textContent = countedText(link.dataset, unseen.size, document.documentElement.lang || "en");
  link.hidden = false;
  say(link.textContent);
}

/** The text for `count` in `language` from `words` by plural category; `many` stands in for any that is not there. */
export function countedText(words, count, language) {
  const text = words[new Intl.PluralRules(language).select(count)] ?? words.many;
  return text.replace("{n}", new Intl.NumberFormat(language).format(count));
}
