import assert from "node:assert/strict";
import { test } from "node:test";
import { arrive, board, cut, freeze, happen, hide, online, pass, sayGoodbye, sleep, tellHead } from "./world.js";

arrive();
const { followTopics } = await import("../../static/js/live/follow.js");

const TOPICS = ["board", "issue:1", "issue:2", "issue:3"];

/** A tab that shows everything up to `seq` (the head, if nothing else is said), and notes what it is given. */
function openTab(topics, seq = board.record.length - 1) {
  const tab = { topics, from: seq, applied: [], states: [], resets: 0 };
  tab.close = followTopics({
    origin: "http://board", topics, after: `k:${seq}`, as: "html",
    onEvent: (frame) => { tab.applied.push(`${frame.seq} ${frame.topic}`); tab.react?.(); },
    onReset: () => { tab.resets += 1; }, onState: (state) => tab.states.push(state),
  });
  return tab;
}

function missed({ topics, from }) {
  return board.record.slice(from + 1).flatMap(({ seq, topics: on }) => Object.keys(on).filter((topic) => topics.includes(topic)).map((topic) => `${seq} ${topic}`)).sort(inOrder);
}

/** By event; which of its topics comes first is the server's choice. */
function inOrder(one, other) {
  return Number.parseInt(one) - Number.parseInt(other) || one.localeCompare(other);
}

function isInOrder({ applied }) {
  return applied.every((one, place) => place === 0 || Number.parseInt(applied[place - 1]) <= Number.parseInt(one));
}

test("three tabs have one socket, and it ends with the last of them", async () => {
  const tabs = [openTab(["board"]), openTab(["issue:1"]), openTab(["issue:1", "issue:2"])];
  await pass(1_000);
  happen("board", "issue:1");
  await pass(100);
  assert.deepEqual(tabs.map(({ applied }) => applied), [["0 board"], ["0 issue:1"], ["0 issue:1"]]);
  assert.deepEqual(tabs.map(({ states }) => states.at(-1)), ["open", "open", "open"]);
  assert.equal(board.sockets.size, 1);
  tabs[0].close();
  await pass(1_000);
  happen("board", "issue:2");
  await pass(1_000);
  assert.deepEqual(tabs.map(({ applied }) => applied.at(-1)), ["0 board", "0 issue:1", "1 issue:2"]);
  assert.deepEqual([...board.sockets].map(({ topics }) => topics), [["issue:1", "issue:2"]]);
  tabs[2].close();
  await pass(100);
  happen("board", "issue:2");
  await pass(1_000);
  assert.deepEqual([...board.sockets].map(({ topics }) => topics), [["issue:1"]]);
  tabs[1].close();
  await pass(100);
  assert.equal(board.sockets.size, 0);
});

test("a tab that is far behind catches up by itself and then joins the others", async () => {
  for (let times = 0; times < 600; times += 1) happen("board");
  const ahead = openTab(["board"]);
  await pass(500);
  const behind = openTab(["issue:1"], 1);
  await pass(500);
  assert.equal(board.sockets.size, 2);
  tellHead();
  await pass(500);
  assert.equal(board.sockets.size, 1);
  happen("board", "issue:1");
  await pass(100);
  assert.deepEqual([ahead.applied.length, behind.applied], [1, [`${board.record.length - 1} issue:1`]]);
  for (const { close } of [ahead, behind]) close();
});

test("whoever comes and goes, and whatever breaks, each tab is given each event once and in order", async () => {
  let random = 20_261;
  const below = (bound) => (random = (random * 48_271) % 2_147_483_647) % bound;
  const some = () => TOPICS.filter(() => below(2));
  let tabs = [];
  const acts = [
    () => { if (tabs.length < 6) tabs.push(openTab([...new Set(["board", ...some()])].slice(below(2)).concat(below(2) ? [] : ["issue:9"]), board.record.length - 1 - below(9))); },
    () => { if (tabs.length > 2) tabs.splice(below(tabs.length), 1)[0].close(); },
    () => { if (below(4) === 0) cut(); },
    () => { if (below(4) === 0) tellHead(); },
  ];
  for (let steps = 0; steps < 600; steps += 1) {
    if (below(2)) happen(...new Set(["board", ...some()]));
    else acts[below(acts.length)]();
    await pass(below(5) * 60);
  }
  await pass(60_000);
  assert.equal(tabs.length > 1, true);
  for (const tab of tabs) assert.deepEqual(tab.applied.toSorted(inOrder), missed(tab));
  assert.equal(tabs.every(isInOrder), true);
  assert.equal(tabs.every(({ states, resets }) => states.at(-1) === "open" && resets === 0), true);
  assert.equal(board.sockets.size, 1);
  for (const { close } of tabs) close();
});

test("a leader that no longer speaks is left by the others, who lose nothing", async () => {
  const leader = openTab(["board"]);
  await pass(500);
  const freed = freeze();
  const other = openTab(["issue:1"]);
  happen("board", "issue:1");
  await pass(4_000);
  assert.deepEqual([leader.applied.length, other.applied], [1, missed(other)]);
  freed();
  tellHead();
  await pass(500);
  assert.equal(board.sockets.size, 1);
  freeze();
  happen("board", "issue:1");
  await pass(1_000);
  assert.notDeepEqual(other.applied, missed(other));
  await pass(50_000);
  assert.deepEqual(other.applied, missed(other));
  for (const { close } of [leader, other]) close();
});

test("a leader that ends because of an event leaves no socket behind", async () => {
  const leader = openTab(["board"]);
  await pass(500);
  const other = openTab(["issue:1"]);
  await pass(500);
  leader.react = leader.close;
  happen("board", "issue:1");
  await pass(2_000);
  assert.deepEqual([other.applied, leader.applied], [missed(other), missed(leader)]);
  assert.equal(board.sockets.size, 1);
  other.close();
  await pass(1_000);
  assert.equal(board.sockets.size, 0);
});

test("a page that is hidden for five minutes lets go, and is given what it missed when it is shown", async () => {
  const tab = openTab(["board"]);
  await pass(500);
  hide(true);
  await pass(4.9 * 60_000);
  assert.equal(board.sockets.size, 1);
  await pass(0.2 * 60_000);
  assert.equal(board.sockets.size, 0);
  happen("board");
  hide(false);
  await pass(500);
  assert.deepEqual([tab.applied, tab.states.at(-1)], [missed(tab), "open"]);
  tab.close();
});

test("a server that goes away is come back to when it wished, and one that refuses for good is not", async () => {
  const tab = openTab(["board"]);
  await pass(500);
  sayGoodbye(4_000, 5_000);
  cut(4001);
  await pass(3_900);
  assert.deepEqual([board.sockets.size, tab.states.at(-1)], [0, "lost"]);
  await pass(1_300);
  assert.deepEqual([board.sockets.size, tab.states.at(-1)], [1, "open"]);
  cut(4504);
  await pass(120_000);
  assert.deepEqual([board.sockets.size, tab.states.at(-1)], [0, "stopped"]);
  tab.close();
});

test("a machine that has slept opens its link anew", async () => {
  const tab = openTab(["board"]);
  await pass(500);
  sleep(3 * 60_000);
  happen("board");
  await pass(25_000);
  assert.deepEqual(tab.applied, missed(tab));
  tab.close();
});

test("without a network nothing is tried, and with one again all that was missed comes", async () => {
  const tab = openTab(["board"]);
  await pass(500);
  online(false);
  const { opened } = board;
  happen("board");
  await pass(60_000);
  assert.deepEqual([board.opened, tab.applied, tab.states.at(-1)], [opened, [], "away"]);
  online(true);
  await pass(100);
  assert.deepEqual([tab.applied, tab.states.at(-1)], [missed(tab), "open"]);
  tab.close();
});
