// The token of a mailed link stands behind the #, where no server sees it: puts it into the form, whose button uses it.

export function start() {
  take();
  // The link opened over this very page changes nothing but the part behind the #.
  addEventListener("hashchange", take);
}

function take() {
  const form = document.querySelector("[data-signin-link]");
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  if (!token) return;
  form.querySelector("[data-signin-token]").value = token;
  form.hidden = false;
  document.querySelector("[data-signin-ways]").hidden = true;
  // Gone from the address, so that it stays in no history and no copied link.
  history.replaceState(null, "", location.pathname);
  form.querySelector("button").focus();
}
