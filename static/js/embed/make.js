// Elements from values, never from markup: it works where a page trusts no text, and allows no style but ours.
// MARKS (the shapes of static/marks.svg) is put before this module by the server.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a value that is null or false is left out. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  set(element, attributes);
  element.append(...children);
  return element;
}

export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

/** Words change only where they are others, so that what is marked or read aloud is left alone. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The sign of a state; the word for it stands beside it. */
export function sign() {
  const drawn = document.createElementNS(SVG, "svg");
  set(drawn, { class: "mark", part: "mark", viewBox: "0 0 18 18", "aria-hidden": "true" });
  return drawn;
}

export function draw(drawn, mark) {
  if (drawn.dataset.mark === mark) return;
  drawn.dataset.mark = mark;
  drawn.replaceChildren(...(MARKS[mark] ?? []).map(([name, attributes]) => {
    const shape = document.createElementNS(SVG, name);
    set(shape, attributes);
    return shape;
  }));
}
