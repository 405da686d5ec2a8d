// Keeps the unsent words of each form for as long as the tab lives, so that a lost page loses nothing.
// What only the company may see stays out of storage: no address, no private details, nothing marked data-unkept.

const PREFIX = "board:draft:";
const SENT = "board:sent";
const FIELDS = "textarea, input[type=text], input:not([type])";
const NEVER = new Set(["private", "email", "website"]);

/** Forgets the draft that was sent just before this page, which may have no form itself. */
export function start() {
  const sent = sessionStorage.getItem(SENT);
  if (!sent) return;
  sessionStorage.removeItem(SENT);
  const [arrival] = performance.getEntriesByType("navigation");
  if (wasTaken(arrival)) sessionStorage.removeItem(sent);
}

/** Whether the server took what was sent: it answers that with a redirect or 2xx, and a refusal with neither. */
export function wasTaken(arrival) {
  if (!arrival || arrival.type !== "navigate") return false;
  return arrival.redirectCount > 0 || (arrival.responseStatus >= 200 && arrival.responseStatus < 300);
}

export function startIn(root) {
  for (const form of root.querySelectorAll("form[method=post]:has(textarea)")) watch(form);
}

function watch(form) {
  const key = PREFIX + new URL(form.action).pathname;
  restore(form, key);
  form.addEventListener("input", () => keep(form, key));
  form.addEventListener("submit", () => {
    keep(form, key);
    sessionStorage.setItem(SENT, key);
  });
  form.addEventListener("reset", () => sessionStorage.removeItem(key));
}

function keep(form, key) {
  const words = {};
  for (const field of fields(form)) if (field.value.trim()) words[field.name] = field.value;
  if (Object.keys(words).length === 0) {
    sessionStorage.removeItem(key);
    return;
  }
  try {
    sessionStorage.setItem(key, JSON.stringify(words));
  } catch {
    // Storage is full or forbidden: the words are still in the form, only not in two places.
  }
}

function restore(form, key) {
  const words = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  // What the server or the browser already filled in is newer.
  const empty = fields(form).filter(({ name, value }) => words[name] && !value);
  for (const field of empty) field.value = words[field.name];
  for (const field of empty) field.dispatchEvent(new Event("input", { bubbles: true }));
}

function fields(form) {
  const isKept = ({ name, dataset }) => name && !NEVER.has(name) && !("unkept" in dataset);
  return [...form.querySelectorAll(FIELDS)].filter(isKept);
}
