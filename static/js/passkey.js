// Passkeys: form[data-passkey="get" or "create"] asks its data-question, lets the browser answer, and sends the answer
// as an ordinary form. Where the browser knows no passkeys, the form stays hidden.

export function start() {
  if (!globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) return;
  for (const place of document.querySelectorAll("[data-passkey-only]")) place.hidden = false;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(form);
    });
  }
}

async function send(form) {
  for (const line of form.querySelectorAll("[data-passkey-failed], [data-passkey-known]")) line.hidden = true;
  try {
    const question = await fetch(form.dataset.question, { method: "POST" });
    // Led to the page that asks for a fresh proof: go there.
    if (question.redirected) return location.assign(question.url);
    const answer = await answerTo(await question.json(), form.dataset.passkey);
    form.elements.credential.value = JSON.stringify(answer.toJSON());
    form.submit();
  } catch (error) {
    // Also where the person thought better of it.
    console.info("no passkey", error);
    // The device holds one of the passkeys that the question excludes.
    const known = error.name === "InvalidStateError" && form.querySelector("[data-passkey-known]");
    (known || form.querySelector("[data-passkey-failed]")).hidden = false;
  }
}

function answerTo(question, act) {
  if (act === "create") {
    return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(question) });
  }
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(question) });
}
