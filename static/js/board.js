// The entry: starts each behaviour that the page asks for with a data- attribute, and nothing else.
// Every page works without it.

// Started once, for the whole page. A draft is forgotten on the page that follows its sending, whatever that is.
const ofPages = {
  "body:not([data-framed])": () => import("./draft.js"),
  "[data-live]": () => import("./live.js"),
  "time": () => import("./times.js"),
  "[data-flash]": () => import("./flash.js"),
  "[data-copy]": () => import("./copy.js"),
  "[data-share]": () => import("./share.js"),
  "[data-choose-all]": () => import("./choose_all.js"),
  "form[data-similar]": () => import("./similar.js"),
  "[data-suggest-title]": () => import("./suggest_title.js"),
  "[data-shortcuts]": () => import("./shortcuts.js"),
  "form[data-passkey]": () => import("./passkey.js"),
  "[data-framed]": () => import("./framed.js"),
  "form[data-handover]": () => import("./handover.js"),
  "[data-signin-link]": () => import("./signin_link.js"),
};

// Started in the page, and again in each part of it that the live stream renews.
const ofParts = {
  "[data-count]": () => import("./counter.js"),
  "textarea[data-finds]": () => import("./finds.js"),
  "form[data-proves]": () => import("./proof.js"),
  "form[data-submit-once]": () => import("./submit_once.js"),
  "input[data-utc]": () => import("./local_time.js"),
  "body:not([data-framed]) form[method=post] textarea": () => import("./draft.js"),
};

for (const [selector, load] of Object.entries(ofPages)) {
  if (document.querySelector(selector)) load().then((behaviour) => behaviour.start());
}

function startIn(root) {
  for (const [selector, load] of Object.entries(ofParts)) {
    if (!root.querySelector(selector)) continue;
    // By the time it is loaded the part may have been replaced by a newer one, which starts it for itself.
    load().then((behaviour) => root.isConnected && behaviour.startIn(root));
  }
}

startIn(document);
document.addEventListener("board:placed", (event) => startIn(event.target));
