// The one Trusted Types policy: turns text that this server rendered into nodes. Never give it data.

const policy = globalThis.trustedTypes?.createPolicy("board", { createHTML: (html) => html })
  ?? { createHTML: (html) => html };

/** A DocumentFragment of `html`, which must come from a same-origin response of the board. */
export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = policy.createHTML(html);
  return template.content;
}
