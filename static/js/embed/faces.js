// What each mode shows: a face is built once, empty and as high as it will be, and filled whenever something changes.
// Each has `element`, `query` (what is asked of the board) and `fill(state)`; the list and the issue have `rows`.

import { make, set, write } from "./make.js";
import { Row } from "./rows.js";

const FIGURES = 4;
const LEAST = 1;
const MOST = 10;
const AWAY = { target: "_blank", rel: "noopener" };

const count = (text, usual, most) => Math.min(most, Math.max(LEAST, Number.parseInt(text, 10) || usual));

export class ListFace {
  constructor(host) {
    const limit = count(host.getAttribute("limit"), 5, MOST);
    const level = Math.min(6, Math.max(1, count(host.getAttribute("heading"), 2, 6)));
    this.query = { area: host.getAttribute("area") ?? "", limit };
    this.head = make(`h${level}`, { class: "head", part: "heading", dir: "auto" });
    this.figures = make("dl", { class: "figures", part: "figures" });
    for (let place = 0; place < FIGURES; place += 1) {
      this.figures.append(make("div", {}, make("dt"), make("dd", { part: "figure" })));
    }
    this.subs = [0, 1].map(() => make(`h${Math.min(6, level + 1)}`, { class: "sub", part: "subheading" }));
    this.oldest = new Row();
    this.newest = Array.from({ length: limit }, () => new Row());
    this.rows = [this.oldest, ...this.newest];
    this.slot = make("slot"); // the site's own link, until there is more to show
    this.all = make("a", AWAY);
    this.file = make("a", { ...AWAY, part: "file" });
    const list = (rows) => make("ul", { class: "rows", part: "list" }, ...rows.map(({ element }) => element));
    const foot = make("p", { class: "foot", part: "foot" }, this.slot, this.all, this.file);
    this.element = [this.head, this.figures, this.subs[0], list([this.oldest]), this.subs[1], list(this.newest), foot];
  }

  fill(state) {
    const { words } = state;
    this.slot.remove();
    write(this.head, state.area?.name ?? state.name);
    for (const [place, [label, value]] of state.says.entries()) {
      const { firstChild, lastChild } = this.figures.children[place];
      write(firstChild, label);
      write(lastChild, value);
    }
    write(this.subs[0], words.oldest);
    write(this.subs[1], words.newest);
    const focused = this.newest.find(({ hasFocus }) => hasFocus)?.number;
    this.oldest.show(state.oldest_unanswered, words, words.nobody);
    for (const [place, row] of this.newest.entries()) {
      row.show(state.issues[place] ?? null, words, place === 0 ? words.nothing : "");
    }
    if (focused) this.newest.find(({ number }) => number === focused)?.focus();
    set(this.all, { href: state.url });
    write(this.all, words.all);
    set(this.file, { href: state.file_url });
    write(this.file, words.file);
  }
}

export class IssueFace {
  constructor(host) {
    this.query = { issue: host.getAttribute("issue") || 0 };
    this.row = new Row("div");
    this.rows = [this.row];
    this.who = make("b", { dir: "auto" });
    this.text = make("span", { dir: "auto" });
    this.board = make("span", { dir: "auto" });
    this.slot = make("slot");
    this.name = make("a", AWAY);
    const word = make("p", { class: "word", part: "word" }, this.who, " ", this.text);
    this.element = [this.row.element, word, make("p", { class: "foot", part: "foot" }, this.slot, this.name, this.board)];
  }

  fill({ issue, words, name }) {
    this.slot.remove();
    this.row.show(issue, words);
    write(this.who, issue.word && issue.who ? `${issue.who}:` : "");
    write(this.text, issue.word ?? "");
    set(this.name, { href: issue.url });
    write(this.name, `#${issue.number}`);
    write(this.board, name);
  }
}

export class BadgeFace {
  constructor(host) {
    this.query = { area: host.getAttribute("area") ?? "", limit: LEAST };
    this.rows = [];
    this.name = make("b", { dir: "auto" });
    this.words = make("span");
    this.link = make("a", { ...AWAY, class: "chip", part: "badge" }, this.name, this.words);
    this.element = [this.link];
    this.isInline = true;
  }

  fill(state) {
    write(this.name, state.area?.name ?? state.name);
    write(this.words, state.badge);
    set(this.link, { href: state.url });
  }
}

export class ButtonFace {
  constructor(host) {
    this.query = { area: host.getAttribute("area") ?? "", limit: LEAST };
    this.rows = [];
    this.label = host.textContent.trim();
    this.file = make("a", { ...AWAY, class: "button", part: "button file" }, this.label);
    this.element = [this.file];
    this.isInline = true;
  }

  fill({ words, file_url: url }) {
    write(this.file, this.label || words.file);
    set(this.file, { href: url });
  }
}

export const FACES = { list: ListFace, issue: IssueFace, badge: BadgeFace, button: ButtonFace };
