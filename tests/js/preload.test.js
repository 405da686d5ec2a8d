import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

const root = new URL("../../", import.meta.url).pathname;

function withImports(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(join(root, "static/js", `${name}.js`), "utf-8");
  for (const [, path] of text.matchAll(/^import .* from "(.+)\.js";$/gmu)) withImports(normalize(join(dirname(name), path)), found);
  return found;
}

test("a page fetches at once every module that it will ask for, and no other", () => {
  const template = readFileSync(join(root, "board/templates/parts/modules.html"), "utf-8");
  const [all, live] = [...template.matchAll(/\[(.*)\]/gu)].map(([, names]) => names.match(/[\w/]+/gu));
  const needed = (...names) => [...new Set(names.flatMap((name) => [...withImports(name)]))].sort();
  assert.deepEqual([...all].sort(), needed("draft", "times"));
  assert.deepEqual([...all, ...live].sort(), needed("draft", "times", "live"));
});
