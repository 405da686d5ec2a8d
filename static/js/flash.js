// Reads the sentence about what was just done, [data-flash], to a screen reader, and takes it out of the address, so that
// whoever gets the link or loads the page again is not told it once more.

import { say } from "./say.js";

export function start() {
  say(document.querySelector("[data-flash]").textContent);
  const url = new URL(location.href);
  url.searchParams.delete("done");
  history.replaceState(history.state, "", url);
}
