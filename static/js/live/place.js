// Puts the server's fragments where they belong: an element replaces the one with its id, or is appended to the
// element that its data-into names. Nothing moves under the reader, and nothing that somebody uses is taken away.

import { fragment } from "../trust.js";

const OPERATED = "input, select, textarea, button, summary";

const waiting = new Map();

/**
 * Places a run of elements; `onAbsent` gets each that has no place on this page. Returns those that were appended.
 * Words that somebody has marked wait until they are let go, but not where words are taken from view: `isHiding`.
 */
export function place(html, options) {
  return placeEach(fragment(html).children, options);
}

export function placeEach(elements, { onAbsent = () => {}, isHiding = false } = {}) {
  const appended = [];
  keepStill(() => {
    for (const element of [...elements]) placeOne(element, { appended, onAbsent, isHiding });
  });
  return appended;
}

/** Takes an element from the page; a focus in it goes on to its neighbour. */
export function takeOut(id) {
  waiting.delete(id);
  const element = document.getElementById(id);
  if (!element) return;
  const neighbour = element.nextElementSibling ?? element.previousElementSibling ?? document.querySelector("main");
  keepStill(() => {
    if (element.contains(document.activeElement)) (neighbour.querySelector("a") ?? neighbour).focus();
    element.remove();
  });
}

function placeOne(element, { appended, onAbsent, isHiding }) {
  const present = document.getElementById(element.id);
  const into = document.getElementById(element.dataset.into ?? "");
  if (present) {
    replace(present, element, isHiding);
  } else if (into) {
    into.append(element);
    arrive(element, "is-new");
    appended.push(element);
  } else {
    onAbsent(element);
  }
}

function replace(present, element, isHiding = false) {
  if (isOperated(present) || (isMarked(present) && !isHiding)) {
    waiting.set(element.id, element);
    return;
  }
  const { activeElement } = document;
  waiting.delete(element.id);
  keepUnfolded(present, element);
  present.replaceWith(element);
  if (present.contains(activeElement)) focusTwin(element, activeElement);
  arrive(element, "is-changed");
}

/** What the reader has unfolded stays so. */
function keepUnfolded(present, element) {
  const unfolded = new Set([...present.querySelectorAll("details[open]")].map(foldName));
  for (const fold of element.querySelectorAll("details")) fold.open ||= unfolded.has(foldName(fold));
}

function foldName(fold) {
  const summary = fold.querySelector("summary");
  // The words of a time are put into the reader's zone after it was placed.
  return summary.querySelector("time")?.dateTime ?? summary.textContent.trim();
}

/** Gives the focus to the link that had it in the old element, or to the new one where that link is gone. */
function focusTwin(element, link) {
  const twin = element.querySelector(`a[href="${CSS.escape(link.getAttribute("href") ?? "")}"]`);
  if (!twin) element.tabIndex = -1;
  (twin ?? element).focus({ preventScroll: true });
}

function arrive(element, how) {
  element.classList.add(how);
  element.dispatchEvent(new CustomEvent("board:placed", { bubbles: true }));
}

function isMarked(element) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(element, true);
}

function isOperated(element) {
  const hasFocus = element.contains(document.activeElement) && document.activeElement.matches(OPERATED);
  return hasFocus || [...element.querySelectorAll("input, select, textarea")].some(isTouched);
}

function isTouched(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.localName !== "select") return field.value !== field.defaultValue;
  const first = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(0, first);
}

function placeWaiting() {
  keepStill(() => {
    for (const [id, element] of waiting) {
      const present = document.getElementById(id);
      if (present) replace(present, element);
      else waiting.delete(id);
    }
  });
}

// The focus has arrived at its next place only after this event.
for (const left of ["focusout", "selectionchange"]) {
  globalThis.document?.addEventListener(left, () => { if (waiting.size > 0) setTimeout(placeWaiting); });
}

/** Runs `change` and scrolls so that what the reader looks at, or writes in, stays where it was. */
function keepStill(change) {
  const root = document.documentElement;
  const anchor = focused() ?? document.elementFromPoint(innerWidth / 2, innerHeight / 3);
  const id = anchor?.closest("[id]")?.id ?? "";
  const before = top(anchor, id);
  // The browser's own anchoring does not work at the top of a page; both together would move it twice.
  root.style.overflowAnchor = "none";
  change();
  const moved = top(anchor, id) - before;
  if (moved) scrollBy({ top: moved, behavior: "instant" });
  requestAnimationFrame(() => root.style.removeProperty("overflow-anchor"));
}

function focused() {
  const element = document.activeElement;
  const { top: start, bottom } = element.getBoundingClientRect();
  return element !== document.body && bottom > 0 && start < innerHeight ? element : null;
}

function top(anchor, id) {
  const element = anchor?.isConnected ? anchor : document.getElementById(id);
  return element?.getBoundingClientRect().top ?? 0;
}
