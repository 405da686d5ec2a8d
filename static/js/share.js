// Shares the address that a button names, data-share="URL", by the means of the device; where it has none, the address is
// copied, and data-copied is what the button says for two seconds. The buttons start hidden: without script they do nothing.

import { copyText } from "./copy.js";

export function start() {
  for (const button of document.querySelectorAll("[data-share]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-share]");
    if (button) share(button);
  });
}

async function share(button) {
  const url = button.dataset.share;
  if (!navigator.share) return copyText(button, url);
  try {
    await navigator.share({ title: document.title, url });
  } catch {
    // Whoever closes the device's own choice has changed their mind.
  }
}
