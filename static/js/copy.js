// Copies the value or text of the element that a button names, data-copy="ID"; data-copied is what the button says for
// two seconds afterwards. The buttons start hidden: without script they do nothing.

import { say } from "./say.js";

const SHOWN_MS = 2_000;

export function start() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy]");
    if (button) copy(button);
  });
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  const isCopied = await copyText(button, source.value ?? source.textContent.trim());
  // Refused by the browser, or no secure context: select the words, so that one key press copies them.
  if (!isCopied) select(source);
}

/** Whether the words could be copied; the button says that they are. */
export async function copyText(button, words) {
  try {
    await navigator.clipboard.writeText(words);
  } catch {
    return false;
  }
  confirm(button);
  return true;
}

function confirm(button) {
  if (button.dataset.words) return;
  button.dataset.words = button.textContent;
  button.textContent = button.dataset.copied;
  say(button.dataset.copied);
  setTimeout(() => {
    button.textContent = button.dataset.words;
    delete button.dataset.words;
  }, SHOWN_MS);
}

function select(source) {
  if (source.select) {
    source.focus();
    source.select();
    return;
  }
  getSelection().selectAllChildren(source);
}
