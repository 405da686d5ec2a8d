// Counts new issues that are not on the page behind one link, a[data-live-new], so that no row moves while it is read.
// Its words by plural category: data-one="1 new issue" data-many="{n} new issues" (and data-few where there is one).

import { countedText } from "../counted.js";
import { say } from "../say.js";

const unseen = new Set();

export function countUnseen(element) {
  const link = document.querySelector("[data-live-new]");
  // Only rows count: what else has no place, such as the figures of an empty board, is not news.
  if (!link || !element.matches("[data-seq]") || unseen.has(element.id)) return;
  unseen.add(element.id);
  link.textContent = countedText(link.dataset, unseen.size, document.documentElement.lang || "en");
  link.hidden = false;
  say(link.textContent);
}
