// Node's `ws` doing the same: `node limit.mjs PORT BYTES`; each line on stdin is a round.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const { WebSocketServer } = createRequire(process.env.WS_FOLDER + "/")("ws");
const [port, bytes] = process.argv.slice(2).map(Number);
const server = new WebSocketServer({ host: "127.0.0.1", port, perMessageDeflate: false, backlog: 4096 });
const frame = "x".repeat(bytes - 4);

createInterface({ input: process.stdin })
  .on("line", () => {
    for (const socket of server.clients) socket.send(frame);
  })
  .on("close", () => process.exit());
