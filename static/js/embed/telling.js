// What changed, for who listens: politely, one message in twenty seconds for all widgets of the page.

const BETWEEN_MS = 20_000;

let last = 0;
let timer = 0;
let waiting = new Map();

/** `region` is a live region; `sentence` is about one issue, `many` has a place for how many there were. */
export function tell(region, { number, sentence, many }) {
  waiting.set(number, { region, sentence, many });
  timer ||= setTimeout(speak, Math.max(0, last + BETWEEN_MS - Date.now()));
}

function speak() {
  const [{ region, sentence, many }] = [...waiting.values()].slice(-1);
  region.textContent = waiting.size === 1 ? sentence : many.replace("{n}", waiting.size);
  waiting = new Map();
  last = Date.now();
  timer = 0;
}
