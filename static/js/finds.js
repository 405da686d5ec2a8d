// Underlines what looks private where it is typed: textarea[data-finds="/finds"] with its twin [data-finds-under]
// beneath, and a line [data-finds-line] that names the finds in its data-words ("… {finds} …"). The server finds, the
// same way as before publishing; this only shows. A hint: it refuses nothing, and without an answer it says nothing.

const PAUSE_MS = 500;
const SHOWN_FINDS = 3;
const LEAST_CHARACTERS = 4;
const MOST_CHARACTERS = 20_000;

export function startIn(root) {
  for (const field of root.querySelectorAll("textarea[data-finds]")) watch(field);
}

function watch(field) {
  const twin = field.parentElement.querySelector("[data-finds-under]");
  const line = field.closest(".field")?.querySelector("[data-finds-line]");
  let timer = 0;
  let request = new AbortController();
  const look = async () => {
    const text = field.value;
    const found = await finds(field.dataset.finds, text, request.signal);
    if (!found || field.value !== text) return;
    if (twin) underline(twin, pieces(text, found), field);
    if (line) tell(line, pieces(text, found));
  };
  field.addEventListener("input", () => {
    // An underline that no longer fits its word is worse than none.
    if (twin) twin.replaceChildren();
    clearTimeout(timer);
    request.abort();
    request = new AbortController();
    timer = setTimeout(look, PAUSE_MS);
  });
  field.addEventListener("scroll", () => { if (twin) twin.scrollTop = field.scrollTop; });
  if (field.value) look();
}

/** The finds of the server, or nothing where it cannot be asked. */
async function finds(url, text, signal) {
  if (text.trim().length < LEAST_CHARACTERS || text.length > MOST_CHARACTERS) return [];
  try {
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams({ text }), signal });
    return answer.ok ? (await answer.json()).finds : null;
  } catch (error) {
    if (error.name !== "AbortError") console.info("finds are not to be had", error);
    return null;
  }
}

/** The text in pieces, `isFound` or not. The server counts whole characters, where a script counts halves. */
export function pieces(text, found) {
  const characters = [...text];
  const slice = (from, to) => characters.slice(from, to).join("");
  let at = 0;
  const parts = found.flatMap(({ start, end }) => {
    const before = slice(at, start);
    at = end;
    return [{ words: before, isFound: false }, { words: slice(start, end), isFound: true }];
  });
  return [...parts, { words: slice(at), isFound: false }].filter(({ words }) => words);
}

function underline(twin, parts, field) {
  twin.replaceChildren(...parts.map(({ words, isFound }) => isFound ? marked(words) : words));
  twin.scrollTop = field.scrollTop;
}

function marked(words) {
  const mark = document.createElement("mark");
  mark.textContent = words;
  return mark;
}

function tell(line, parts) {
  const found = parts.filter(({ isFound }) => isFound);
  const words = found.slice(0, SHOWN_FINDS).map((part) => `“${part.words}”`).join(", ");
  line.hidden = found.length === 0;
  const told = words ? line.dataset.words.replace("{finds}", () => words) : "";
  if (line.textContent !== told) line.textContent = told;
}
