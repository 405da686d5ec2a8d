// One press, one sending: form[data-submit-once] takes no second press while the first is under way.

export function startIn(root) {
  for (const form of root.querySelectorAll("form[data-submit-once]")) watch(form);
}

function watch(form) {
  let isUnderWay = false;
  form.addEventListener("submit", (event) => {
    if (isUnderWay) event.preventDefault();
    isUnderWay = true;
    mark(form, true);
  });
  // Whoever comes back to the page may send again.
  addEventListener("pageshow", () => {
    isUnderWay = false;
    mark(form, false);
  });
}

function mark(form, isBusy) {
  form.querySelector("[data-submit]")?.setAttribute("aria-disabled", String(isBusy));
}
