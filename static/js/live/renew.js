// Parts that depend on who reads the page, [data-renew] with an id: the stream sends the same to everybody, so they are
// fetched again with the page's own address when what can be done with the issue has changed.

import { fragment } from "../trust.js";
import { placeEach } from "./place.js";

const CHANGING = /^(?:issue\.(?!assigned|moved)|text\.|comment\.(?:rejected|published))/u;

let isWanted = false;
let isUnderWay = false;

/** Whether an event of this name can change what somebody may do next, or the words that they may correct. */
export function isRenewing(event) {
  return CHANGING.test(event);
}

/** Renews the parts once for all that was asked while the last answer was on its way. */
export async function renew() {
  isWanted = true;
  if (isUnderWay || !document.querySelector("[data-renew]")) return;
  isUnderWay = true;
  while (isWanted) {
    isWanted = false;
    await fetchParts();
  }
  isUnderWay = false;
}

async function fetchParts() {
  try {
    const answer = await fetch(document.querySelector("[data-live]").dataset.url);
    if (answer.ok) placeEach(fragment(await answer.text()).querySelectorAll("[data-renew]"));
  } catch (error) {
    // The parts stay as they are; the server refuses what is no longer possible, with the words kept.
    console.info("the parts of this page could not be renewed", error);
  }
}
