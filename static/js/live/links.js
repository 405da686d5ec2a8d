// The two ways to the same frames: a websocket, or server-sent events where a proxy eats websockets.
// Each takes the board's origin, the query and {onFrame, onEnd(code)}, and returns a function that lets go without onEnd.

export function socketLink(origin, query, { ticket, onFrame, onEnd }) {
  const socket = new WebSocket(`${origin.replace(/^http/u, "ws")}/live?${query}`, "board.v1");
  socket.onopen = () => ticket && socket.send(JSON.stringify({ t: "ticket", ticket }));
  socket.onmessage = (event) => onFrame(JSON.parse(event.data));
  socket.onclose = (event) => onEnd(event.code);
  return () => {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  };
}

export function streamLink(origin, query, { onFrame, onEnd }) {
  const stream = new EventSource(`${origin}/live/sse?${query}`);
  stream.onmessage = (event) => onFrame(JSON.parse(event.data));
  stream.onerror = () => {
    // It would come back by itself, but in its own rhythm and with an old cursor.
    stream.close();
    onEnd(0);
  };
  return () => stream.close();
}
