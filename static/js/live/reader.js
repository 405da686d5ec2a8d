// Reads the frames of a link for one place that shows some topics: each event of each topic in order and once.

import { follow, raise, resumeAt, startAt } from "./chain.js";

/** `after` is "EPOCH:SEQ", what is shown already; `onReset` hears that it must be loaded again, `onGap` that frames are missing. */
export function reader({ topics, after, onEvent, onGap, onReset }) {
  const [epoch, seq] = after.split(":");
  let cursors = startAt(topics, Number(seq));
  const kinds = {
    hello: (frame) => { if (frame.epoch !== epoch) onReset(); },
    reset: onReset,
    at: (frame) => { cursors = raise(cursors, frame.seq); },
    event: (frame) => {
      const next = follow(cursors, frame);
      cursors = next.cursors;
      if (next.verdict === "gap") onGap();
      if (next.verdict === "apply") onEvent(frame);
    },
  };
  return { topics, epoch, place: () => resumeAt(cursors), take: (frame) => kinds[frame.t]?.(frame) };
}
