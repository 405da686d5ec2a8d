// Filing from another site: in a dialog where the board lets this site frame its form, else in a new tab.
// Who is known to the site need not type who they are: the site's server hands a token over, behind the #, where no log sees it.

import { make } from "./make.js";

const SANDBOX = "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox";

/** Whether the link needs more than its address. */
export function isOurs(host, state) {
  return state && (host.hasAttribute("token") || host.hasAttribute("token-from") || state.dialogs.includes(location.origin));
}

/** Follows the link `file` of the host; `state` is what the board said. */
export async function file(host, root, { file_url: url, form_url: form, dialogs, words }) {
  const hasDialog = dialogs.includes(location.origin);
  // A tab must be opened in the same breath as the click.
  const tab = hasDialog ? null : open("", "_blank");
  const address = (hasDialog ? form : url) + behind(await tokenOf(host));
  if (hasDialog) return show(root, address, words);
  if (!tab) return location.assign(address);
  tab.opener = null;
  tab.location = address;
}

const behind = (token) => (token ? `#t=${encodeURIComponent(token)}` : "");

/** The token in the page, or from the address of the site's own server that `token-from` names. */
async function tokenOf(host) {
  const from = host.getAttribute("token-from");
  if (!from) return host.getAttribute("token");
  try {
    const answer = await fetch(from, { credentials: "same-origin", cache: "no-store" });
    return answer.ok ? (await answer.text()).trim() : null;
  } catch {
    return null; // the form is there without it
  }
}

function show(root, address, words) {
  const frame = make("iframe", { src: address, title: words.file, sandbox: SANDBOX, referrerpolicy: "origin" });
  const button = make("button", { type: "button", part: "close" }, words.close);
  const dialog = make("dialog", { part: "dialog", "aria-label": words.file }, button, frame);
  button.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}
