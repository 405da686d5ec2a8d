// Solves the proof of work that a doubtful form is asked for (ALTCHA's format), then sends the form again.
// A form that cannot say `can_prove` is held for a look instead of being asked.

const encoder = new TextEncoder();

export function startIn(root) {
  if (!globalThis.crypto?.subtle) return;
  for (const form of root.querySelectorAll("form[data-proves]")) watch(form);
}

function watch(form) {
  const canProve = hidden(form, "can_prove", "yes");
  const asked = form.querySelector("[data-challenge]");
  if (!asked) return;
  solve(JSON.parse(asked.dataset.challenge))
    .then((payload) => hidden(form, "altcha", payload))
    .catch(() => canProve.remove())
    .finally(() => sendAgain(form));
}

/** Once the draft is watched, too: what nobody saw being sent would be kept for the next time. */
async function sendAgain(form) {
  await import("./draft.js");
  setTimeout(() => form.requestSubmit());
}

function hidden(form, name, value) {
  const field = Object.assign(document.createElement("input"), { type: "hidden", name, value });
  form.append(field);
  return field;
}

/** The payload for the first counter whose derived key begins as the challenge wishes. */
export async function solve(challenge) {
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
  const password = new Uint8Array([...bytes(nonce), 0, 0, 0, 0]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  for (let counter = 0; ; counter++) {
    new DataView(password.buffer).setUint32(password.length - 4, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(derivation, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) return pack({ challenge, solution: { counter, derivedKey } });
  }
}

function bytes(text) {
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
}

function hex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function pack(payload) {
  return btoa(String.fromCharCode(...encoder.encode(JSON.stringify(payload))));
}
