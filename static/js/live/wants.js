// What one link shared by several tabs must follow so that none of them misses an event. Pure.
// A want is {id, topics, seq}: a tab that has every event of its topics up to seq. Cursors are those of the link.

const MOST_TOPICS = 20;
const FAR = 500;

/** Whether a link at these cursors still brings everything that the tab lacks. */
export function isServed(cursors, { topics, seq }) {
  return topics.every((topic) => cursors[topic] <= seq);
}

/**
 * The cursors for the next link, for tabs that are served already ({id: topics}) and for those who wait. Whoever is too
 * far behind, or does not fit into what one link may carry, goes on `apart`, with a link of its own.
 */
export function gather(cursors, served, waiting) {
  const followed = new Set(Object.values(served).flat());
  const next = Object.fromEntries(Object.entries(cursors).filter(([topic]) => followed.has(topic)));
  const newest = Math.max(...Object.values(next), ...waiting.map(({ seq }) => seq));
  const taken = [];
  const apart = [];
  for (const want of waiting) {
    const all = new Set([...Object.keys(next), ...want.topics]);
    const fits = all.size <= MOST_TOPICS && newest - want.seq <= FAR;
    (fits ? taken : apart).push(want);
    if (fits) for (const topic of want.topics) next[topic] = Math.min(next[topic] ?? want.seq, want.seq);
  }
  return { cursors: next, taken, apart };
}
