// Follows topics of a board: each event of each topic is handed on in order and once, however often the link breaks.
// Knows nothing of the page that it runs in, whose origin may be another than the board's.

import { Connection } from "./connection.js";
import { watchPresence } from "./presence.js";
import { reader } from "./reader.js";
import { canShare, Tab } from "./tab.js";

/**
 * `after` is "EPOCH:SEQ", what the page already shows; `as` is "html" or "json". `onReset` hears that the page must be
 * loaded again; `onState` hears "open", "lost", "away" (offline) or "stopped". With `ticket`, which fetches what the staff
 * queue asks for, this page has a link of its own; else the tabs of a browser share one. Returns a function that ends it.
 */
export function followTopics({ origin, topics, after, as, ticket, onEvent, onReset, onState }) {
  const reading = reader({ topics, after, onEvent, onReset, onGap: () => link.restart() });
  const { epoch, place } = reading;
  const options = { origin, as, onState, onFrame: reading.take };
  const wish = () => ({ topics, after: `${epoch}:${place()}`, as });
  const link = !ticket && canShare()
    ? new Tab({ ...options, epoch, topics, seq: place })
    : new Connection({ ...options, wish, ticket });
  const unwatch = watchPresence({ onAway: () => { link.stop(); onState("lost"); }, onBack: () => link.start() });
  link.start();
  return () => {
    unwatch();
    link.stop();
  };
}
