// Keys of the desk. A link with data-key="r" leads to a field of this page, which gets the focus; any other element
// with data-key gets it itself; j and k move along the links marked data-step; Escape leaves a field. Never while typing,
// or with Ctrl, Alt, Meta.
// The dialog [data-keys] lists them; its checkbox [data-keys-on] turns all of them off, kept in this browser.

const OFF = "board:keys";
const FIELDS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";

export function start() {
  const dialog = document.querySelector("dialog[data-keys]");
  const opener = document.querySelector("[data-keys-open]");
  if (opener) {
    opener.hidden = false;
    opener.addEventListener("click", () => dialog.showModal());
  }
  keepChoice(dialog.querySelector("[data-keys-on]"));
  document.addEventListener("keydown", (event) => {
    if (!isMeant(event) || dialog.open) return;
    if (event.target.closest(FIELDS)) leave(event);
    else if (act(event.key, dialog)) event.preventDefault();
  });
}

function keepChoice(box) {
  box.checked = localStorage.getItem(OFF) !== "off";
  mark(box.checked);
  box.addEventListener("change", () => {
    localStorage.setItem(OFF, box.checked ? "on" : "off");
    mark(box.checked);
  });
}

/** The key hints on the page are shown only where the keys work. */
function mark(isOn) {
  document.documentElement.toggleAttribute("data-keys-work", isOn);
}

function isMeant(event) {
  if (localStorage.getItem(OFF) === "off" || event.defaultPrevented || event.isComposing) return false;
  return !(event.ctrlKey || event.metaKey || event.altKey);
}

/** The next key is for the page again; Tab goes on from here. */
function leave({ key, target }) {
  if (key === "Escape") target.blur();
}

function act(key, dialog) {
  if (key === "?") {
    dialog.showModal();
    return true;
  }
  if (key === "j" || key === "k") return step(key === "j" ? 1 : -1);
  const target = [...document.querySelectorAll("[data-key]")].find((element) => element.dataset.key === key);
  return Boolean(target) && use(target);
}

/** Moves the focus along the queue, from where it is or from the issue that is open. */
function step(by) {
  const links = [...document.querySelectorAll("[data-step]")].filter((link) => link.checkVisibility());
  const here = links.findIndex((link) => link === document.activeElement);
  const open = links.findIndex((link) => link.closest("[aria-current]"));
  const from = here >= 0 ? here : open;
  const next = links[Math.min(links.length - 1, Math.max(0, from + by))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return Boolean(next);
}

function use(target) {
  const field = document.getElementById(target.hash?.slice(1)) ?? target;
  field.closest("details:not([open])")?.setAttribute("open", "");
  if (!field.checkVisibility()) return false;
  if (field.type === "radio") field.click();
  field.focus();
  field.scrollIntoView({ block: "nearest" });
  return true;
}
