// One issue as two lines: its sign and title, what its state is and since when. As high empty as filled.

import { duration } from "../duration.js";
import { draw, make, set, sign, write } from "./make.js";

export class Row {
  #mark = sign();
  #title = make("a", { class: "title", part: "title", target: "_blank", rel: "noopener", dir: "auto" });
  #state = make("b");
  #area = make("span");
  #issue = null;

  constructor(name = "li") {
    const meta = make("span", { class: "meta", part: "meta" }, this.#state, this.#area);
    this.element = make(name, { class: "row blank", part: "row" }, this.#mark, this.#title, meta);
  }

  get number() {
    return this.#issue?.number ?? null;
  }

  get hasFocus() {
    return this.element.getRootNode().activeElement === this.#title;
  }

  focus() {
    this.#title.focus({ preventScroll: true });
  }

  /** Shows the issue; nothing for null, or `word` where there is no issue to show. */
  show(issue, words, word = "") {
    this.#issue = issue;
    set(this.element, { class: `row ${issue ? `is-${issue.mark}` : word ? "" : "blank"}` });
    set(this.#title, { href: issue?.url ?? null, class: issue && issue.title === null ? "title gone" : "title" });
    write(this.#title, issue ? issue.title ?? words.gone : word);
    write(this.#area, issue?.area ?? "");
    draw(this.#mark, issue?.mark ?? "");
    this.tell(words);
  }

  /** What an event says of it, at once; the rest is asked for. Whatever is no longer public loses its words here. */
  change(summary, words) {
    const isPublic = summary.visibility === "public";
    const mark = markOf(summary);
    const kept = mark === this.#issue.mark ? {} : { mark, key: mark, since: new Date().toISOString() };
    const title = isPublic ? summary.title : null;
    this.show({ ...this.#issue, ...kept, title, word: isPublic ? this.#issue.word : null }, words);
    this.element.classList.add("is-changed");
  }

  /** The state in words, with its age as it is now. */
  tell(words) {
    write(this.#state, this.#issue ? said(this.#issue, words) : "");
  }

  get sentence() {
    return `${this.#title.textContent}: ${this.#state.textContent}`;
  }
}

function said({ key, since }, words) {
  const seconds = Math.max(0, (Date.now() - Date.parse(since)) / 1000);
  return words[key].replace("{span}", duration(seconds, words.units.split(" "), words.now));
}

function markOf({ visibility, state, confirmation }) {
  if (visibility !== "public") return visibility === "removed" ? "removed" : "held";
  if (state === "closed") return confirmation === "confirmed" ? "confirmed" : "closed";
  if (state === "resolved") return "resolved";
  if (confirmation === "disputed") return "disputed";
  return state === "waiting_on_customer" ? "customer" : "company";
}
