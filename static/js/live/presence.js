// Whether somebody looks: a page that is hidden for five minutes, left or kept for "back" lets go, and comes back when shown.

const HIDDEN_MS = 5 * 60_000;

/** Calls `onAway` and `onBack` in turns; returns a function that ends it. */
export function watchPresence({ onAway, onBack }) {
  const watching = new AbortController();
  const { signal } = watching;
  let isAway = false;
  let hiddenSince = null;
  let timer = 0;

  function leave() {
    if (!isAway) onAway();
    isAway = true;
  }
  function back() {
    if (isAway) onBack();
    isAway = false;
  }
  function look() {
    clearTimeout(timer);
    // A sleeping machine runs no timers, so the clock decides.
    if (hiddenSince !== null && Date.now() - hiddenSince >= HIDDEN_MS) leave();
    hiddenSince = document.hidden ? Date.now() : null;
    if (document.hidden) timer = setTimeout(leave, HIDDEN_MS);
    else back();
  }
  document.addEventListener("visibilitychange", look, { signal });
  addEventListener("pagehide", leave, { signal });
  addEventListener("pageshow", (event) => event.persisted && look(), { signal });
  look();
  return () => {
    watching.abort();
    clearTimeout(timer);
  };
}
