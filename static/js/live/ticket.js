// A single-use ticket for the staff queue, which the socket sends as its first message; null where this person may not
// have one (signed out).

export async function fetchTicket() {
  const answer = await fetch("/live/tickets", { method: "POST" });
  if (answer.status === 401 || answer.status === 403) return null;
  if (!answer.ok) throw new Error(`no ticket: ${answer.status}`);
  return (await answer.json()).ticket;
}
