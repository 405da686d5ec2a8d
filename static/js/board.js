// The entry: starts each behaviour that the page asks for with a data- attribute, and nothing else.
// Every page works without it.

const behaviours = {
  "[data-live]": () => import("./live.js"),
  "time[data-when], time[data-since], time[data-until]": () => import("./times.js"),
  "[data-copy]": () => import("./copy.js"),
  "[data-count]": () => import("./counter.js"),
  "textarea[data-finds]": () => import("./finds.js"),
  "form[data-similar]": () => import("./similar.js"),
  "[data-suggest-title]": () => import("./suggest_title.js"),
  "form[data-submit-once]": () => import("./submit_once.js"),
  "input[data-utc]": () => import("./local_time.js"),
  "[data-shortcuts]": () => import("./shortcuts.js"),
  // On every page: a draft is forgotten on the page that follows its sending.
  "html": () => import("./draft.js"),
};

for (const [selector, load] of Object.entries(behaviours)) {
  if (document.querySelector(selector)) load().then((behaviour) => behaviour.start());
}
