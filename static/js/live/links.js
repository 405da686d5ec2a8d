// The two ways to the same frames: a websocket, or server-sent events where a proxy eats websockets.
// Each takes {onOpen, onFrame, onEnd(code)} and returns a function that lets go without calling onEnd.

export function socketLink(query, ticket, { onOpen, onFrame, onEnd }) {
  const socket = new WebSocket(`${location.origin.replace(/^http/u, "ws")}/live?${query}`, "board.v1");
  socket.onopen = () => {
    if (ticket) socket.send(JSON.stringify({ t: "ticket", ticket }));
    onOpen();
  };
  socket.onmessage = (event) => onFrame(JSON.parse(event.data));
  socket.onclose = (event) => onEnd(event.code);
  return () => {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  };
}

export function streamLink(query, { onOpen, onFrame, onEnd }) {
  const stream = new EventSource(`/live/sse?${query}`);
  stream.onopen = onOpen;
  stream.onmessage = (event) => onFrame(JSON.parse(event.data));
  stream.onerror = () => {
    // It would come back by itself, but in its own rhythm and with an old cursor.
    stream.close();
    onEnd(0);
  };
  return () => stream.close();
}

/** A single-use ticket for the staff queue; null where this person may not have one (signed out). */
export async function ticketFor(topics) {
  if (!topics.includes("queue")) return "";
  const answer = await fetch("/live/tickets", { method: "POST" });
  if (answer.status === 401 || answer.status === 403) return null;
  if (!answer.ok) throw new Error(`no ticket: ${answer.status}`);
  return (await answer.json()).ticket;
}
