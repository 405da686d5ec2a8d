// <customer-board>: the board at a glance on another site. It keeps nothing, knows no visitor, and does nothing unseen.
// STYLE (static/embed.css) is put before this module by the server.

import { delay } from "../live/backoff.js";
import { reader } from "../live/reader.js";
import { FACES } from "./faces.js";
import { file, isOurs } from "./filing.js";
import { Link } from "./link.js";
import { make, set } from "./make.js";
import { tell } from "./telling.js";

const ORIGIN = new URL(import.meta.url).origin;
const NEAR = "120px";
const MINUTE_MS = 60_000;
const PLAINLY = { credentials: "omit", cache: "no-cache", referrerPolicy: "no-referrer" };
const WITHIN_MS = { list: 4_000, issue: 600, badge: 8_000 };

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
let link = null;

class CustomerBoard extends HTMLElement {
  static observedAttributes = ["mode", "area", "issue", "limit", "theme", "lang", "heading"];

  #root = this.attachShadow({ mode: "open" });
  #region = make("span", { class: "unseen", "aria-live": "polite" });
  #face; #state; #board; #reader = null;
  #isNear = false; #timer = 0; #minutes = 0; #failures = 0; #round = 0;

  #left = () => this.#isNear && this.#load();
  connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    this.#build();
    watching.observe(this);
  }

  disconnectedCallback() {
    watching.unobserve(this);
    this.near(false);
  }

  attributeChangedCallback() {
    if (this.#board) this.#build();
  }

  get mode() {
    const wanted = this.getAttribute("mode");
    return Object.hasOwn(FACES, wanted) ? wanted : "list";
  }

  /** Comes near the screen, or leaves it. */
  near(isNear) {
    if (this.#isNear === isNear) return;
    this.#isNear = isNear;
    clearInterval(this.#minutes);
    if (!isNear) return this.#rest();
    this.#minutes = setInterval(() => this.#tellTimes(), MINUTE_MS);
    this.#load();
  }

  #build() {
    this.#rest();
    this.#face = new FACES[this.mode](this);
    const theme = this.getAttribute("theme");
    const names = `board ${this.#face.isInline ? "inline" : ""} ${theme === "light" || theme === "dark" ? theme : ""}`;
    this.#board = make("div", { class: names, part: "board", dir: "ltr" }, ...this.#face.element, this.#region);
    this.#root.replaceChildren(this.#board);
    this.#face.file?.addEventListener("click", (event) => this.#file(event));
    if (this.#isNear) this.#load();
  }

  #rest() {
    this.#round += 1;
    clearTimeout(this.#timer);
    this.#timer = 0;
    if (this.#reader) link.remove(this.#reader);
    this.#reader = null;
  }

  async #load() {
    const round = this.#round;
    const lang = this.closest("[lang]")?.lang ?? "";
    const query = new URLSearchParams({ ...this.#face.query, lang });
    try {
      const answer = await fetch(`${ORIGIN}/embed/v1/state.json?${query}`, PLAINLY);
      const state = await answer.json();
      if (round !== this.#round) return;
      // What is asked for is not there: asking again brings nothing.
      if (answer.status < 500 && !answer.ok) console.warn("customer-board:", state.detail);
      else this.#show(state);
    } catch {
      if (round === this.#round) this.#loadIn(delay(this.#failures++));
    }
  }

  #show(state) {
    this.#failures = 0;
    this.#state = state;
    set(this.#board, { lang: state.lang, dir: state.dir });
    for (const [name, colour] of Object.entries(state.accent)) this.#board.style.setProperty(name, colour);
    this.#face.fill(state);
    if (this.#reader?.epoch === state.after.split(":")[0] || this.mode === "button") return;
    if (this.#reader) link.remove(this.#reader);
    link ??= new Link(ORIGIN, this.hasAttribute("socket"));
    this.#reader = reader({
      topics: state.topics,
      after: state.after,
      onEvent: (frame) => this.#apply(frame),
      onGap: () => link.restart(),
      onReset: () => { this.#rest(); this.#load(); },
    });
    link.add(this.#reader);
  }

  #apply({ issue }) {
    const { words } = this.#state;
    for (const row of this.#face.rows) {
      if (!issue || row.number !== issue.number) continue;
      row.change(issue, words);
      tell(this.#region, { number: issue.number, sentence: row.sentence, many: words.many });
    }
    // Of all widgets in the world none asks at the same moment, and each once for all that happens meanwhile.
    if (!this.#timer) this.#loadIn(Math.random() * WITHIN_MS[this.mode]);
  }

  #loadIn(ms) {
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      // Rows stay where they are under somebody's pointer.
      if (!this.#state || !this.#board.matches(":hover")) return this.#load();
      this.#board.addEventListener("pointerleave", this.#left, { once: true });
    }, ms);
  }

  #tellTimes() {
    if (this.#state) for (const row of this.#face.rows) row.tell(this.#state.words);
  }

  #file(event) {
    if (!isOurs(this, this.#state) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    file(this, this.#root, this.#state);
  }
}

const watching = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) target.near(isIntersecting);
}, { rootMargin: NEAR });

if (!customElements.get("customer-board")) customElements.define("customer-board", CustomerBoard);
