// The chain rule: which frames may be applied, and where to go on. Pure; one cursor for each topic.
// The server sends the frames of event s on all topics before those of s+1, so a frame shows that every other
// topic was served through s-1.

/** topic → the last seq that was applied or is known to concern others. */
export function startAt(topics, seq) {
  return Object.fromEntries(topics.map((topic) => [topic, seq]));
}

/** What to do with an event frame: {verdict: "apply" | "repeat" | "gap", cursors} (after it, if it is applied). */
export function follow(cursors, { topic, seq, prev }) {
  const cursor = cursors[topic];
  if (cursor === undefined || seq <= cursor) return { verdict: "repeat", cursors };
  if ((prev ?? -1) > cursor) return { verdict: "gap", cursors };
  return { verdict: "apply", cursors: { ...raise(cursors, seq - 1), [topic]: seq } };
}

/** The cursors after {"t":"at"}: nothing on any topic up to `seq` is still to come. */
export function raise(cursors, seq) {
  return Object.fromEntries(Object.entries(cursors).map(([topic, cursor]) => [topic, Math.max(cursor, seq)]));
}

/** Where a new connection must begin so that no topic misses anything. */
export function resumeAt(cursors) {
  return Math.min(...Object.values(cursors));
}
