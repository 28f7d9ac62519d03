// How to bring a real client into each state: one function a state. Each starts a client in a directory
// of its own, waits until the state is reached as seen from the client's own files, the API's record or
// the kernel, and returns the client (with what belongs to the state added to it). None lets time pass.
//
//     const client = await stalledStream(world);
//     client.held.finish();                        // let the reply go on

import { existsSync, readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { ON_NODE } from './pinned-clients.mjs';
import { descendantsOf, isAlive, processOf } from './procfs.mjs';
import { LONG_TEXT, agent, bash, question, reply, withDirective } from './replies.mjs';
import { Tmux } from './tmux.mjs';
import { until } from './wait.mjs';

const MCP_SERVER = fileURLToPath(new URL('./mcp-server.mjs', import.meta.url));
const BASH_TIMEOUT_MS = 600_000; // the most that the client grants; 120 s where nothing is asked for

const TRICKLE = reply.slowly({ pieces: 400, everyMs: 500 });

let serial = 0;
function start(world, name, options = {}) {
  return world.startClient({ cwd: world.project(`${name}-${++serial}`), ...options });
}

// ---- nothing to do ----

/** Opened, and nothing asked yet. It says so some seconds after its start; until then its registry has no status. */
export async function blank(world) {
  const client = await start(world, 'blank');
  await client.settle('idle');
  return client;
}

/** A turn is over. */
export async function idle(world) {
  const client = await start(world, 'idle');
  await client.turn('hello');
  await client.settle('idle');
  return client;
}

/** A turn is over, and a command that it started in the background runs on. */
export async function backgroundJob(world) {
  const client = await start(world, 'background', { args: ['--allowedTools', 'Bash'] });
  await client.turn('start a server', reply.tools([bash('tail -f /dev/null', { run_in_background: true })]));
  await client.settle('shell');
  client.tool = await toolProcess(client, 'tail');
  return client;
}

/** A turn that ended because the API refused it. */
export async function refused(world) {
  const client = await start(world, 'refused');
  await client.ask('do something odd', reply.refused());
  await onScreen(client, 'API Error');
  await client.settle('idle');
  return client;
}

// ---- waiting for the API ----

/** The reply comes, a few letters at a time, for more than three minutes. */
export async function generating(world) {
  const client = await start(world, 'generating');
  const request = await client.ask('tell a long story', TRICKLE);
  await until('some letters of the reply', () => request.sent > 10);
  return client;
}

/** Half the reply has come, and nothing since. */
export const stalledStream = (world) => standingStill(world, 'stalled', reply.stall(), 'Sentence 00');

/** Half the reply has come, and since then only pings. */
export const stalledWithPings = (world) => standingStill(world, 'pings', reply.stall({ pingMs: 1000 }), 'Sentence 00');

/** The request was taken and not answered. */
export const unanswered = (world) => standingStill(world, 'unanswered', reply.silence());

/** The answer has begun, with its headers, and no event has come. */
export const headersOnly = (world) => standingStill(world, 'headers', reply.headersOnly());

async function standingStill(world, name, answer, words) {
  const client = await start(world, name);
  client.held = await world.api.waitHeld(await client.ask(`question of ${name}`, answer));
  await client.settle('busy');
  if (words) await onScreen(client, words);
  return client;
}

/**
 * The API is overloaded, and the client tries again and again: after 0.6, 1, 2.3, 4.4, 10, 17 s, then up to 40 s.
 * `nextTry()` waits until it has just done so.
 */
export async function retrying(world) {
  const client = await start(world, 'retrying', { env: { CLAUDE_CODE_MAX_RETRIES: '100' } });
  const prompt = 'ask again and again';
  const tries = () => world.api.requests.filter((r) => r.isTurn && r.text.includes(prompt)).length;
  await client.ask(prompt, reply.overloaded());
  await until('a third try', () => tries() >= 3);
  client.nextTry = async () => {
    const before = tries();
    await until('one more try', () => tries() > before, { withinMs: 90_000, everyMs: 20 });
  };
  return client;
}

// ---- tools ----

/** A tool that writes a line five times a second. */
export const toolRunning = (world) =>
  runningTool(world, 'running', 'while sleep 0.2; do echo working; done', 'sleep');

/** A tool that somebody stopped. */
export const toolStopped = (world) => runningTool(world, 'halted', "sh -c 'kill -STOP $$; true'", 'sh');

/** A tool that waits for a lock which its own shell holds. */
export const toolLocked = (world) => runningTool(world, 'locked', 'exec 9>lock && flock 9 && flock lock true', 'flock');

/** A tool that opens a FIFO for which there is no writer. */
export const toolOpensFifo = (world) => runningTool(world, 'fifo', 'mkfifo input && cat input', 'cat');

/** A tool that reads from a pipe into which nobody writes. */
export const toolReadsPipe = (world) => runningTool(world, 'pipe', 'mkfifo input && exec 3<>input && cat <&3', 'cat');

async function runningTool(world, name, command, processName) {
  const client = await start(world, name, { args: ['--allowedTools', 'Bash'] });
  await client.ask(`run the ${name} one`, reply.tools([bash(command, { timeout: BASH_TIMEOUT_MS })]));
  client.tool = await toolProcess(client, processName);
  await client.settle('busy');
  return client;
}

/** A call of a tool server that never answers. */
export async function mcpStuck(world) {
  const config = { mcpServers: { scripted: { command: process.execPath, args: [MCP_SERVER] } } };
  const client = await start(world, 'mcp', { args: ['--mcp-config', JSON.stringify(config), '--allowedTools', 'mcp__scripted'] });
  await client.turn('ask the server', reply.tools([{ name: 'mcp__scripted__answer', input: {} }]));
  await client.ask('ask it again', reply.tools([{ name: 'mcp__scripted__hang', input: {} }]));
  await openCall(client, 'mcp__scripted__hang');
  client.server = descendantsOf(client.pid).find(({ comm }) => comm.startsWith('node'));
  return client;
}

/** A subagent that gets its reply a few letters at a time. */
export const subagentRunning = (world) => withSubagent(world, 'subagent', TRICKLE);

/** A subagent whose reply stands still. */
export const subagentStalled = (world) => withSubagent(world, 'lost-subagent', reply.stall());

async function withSubagent(world, name, answer) {
  const client = await start(world, name);
  const errand = `errand of ${name}`;
  await client.ask('send someone', reply.tools([agent(withDirective(errand, answer))]));
  const request = await world.api.waitFor((r) => r.text.includes(errand) && isDeepStrictEqual(r.reply, answer));
  if (answer.end === 'hold') client.held = await world.api.waitHeld(request);
  await until('a transcript of the subagent', async () => existsSync(await subagentDirOf(client)) &&
    readdirSync(await subagentDirOf(client)).some((file) => file.endsWith('.jsonl')));
  return client;
}

async function subagentDirOf(client) {
  const transcript = await client.transcript();
  return join(transcript ? transcript.replace(/\.jsonl$/, '') : '/nonexistent', 'subagents');
}

// ---- waiting for the user ----

/** A tool wants to be allowed. */
export async function permissionPrompt(world) {
  const client = await start(world, 'permission');
  await client.ask('change something', reply.tools([bash('touch changed')]));
  await client.settle('waiting');
  return client;
}

/** The model has asked the user to choose. */
export async function questionAsked(world) {
  const client = await start(world, 'question');
  await client.ask('what next', reply.tools([question('Which way?', ['left', 'right'])]));
  await client.settle('waiting');
  return client;
}

// ---- compaction ----

/** `/compact` whose summary does not come. */
export async function compacting(world) {
  const client = await start(world, 'compacting');
  const word = `cucumber-${client.pid}`;
  await client.turn(`remember the word ${word}`);
  await client.turn('and one more'); // it does not compact a single turn
  const asksForSummary = (r) => r.text.includes('summary of the conversation') && JSON.stringify(r.body).includes(word);
  const endRule = world.api.when(asksForSummary, reply.stall());
  await client.enter('/compact');
  client.held = await world.api.waitHeld(await world.api.waitFor(asksForSummary, { look: () => client.screen() }));
  endRule();
  await client.settle('busy');
  return client;
}

// ---- the process and its terminal ----

/** Stopped by SIGSTOP below a shell, at its prompt. */
export async function stopped(world) {
  const client = await idle(world);
  return stop(client);
}

/** Stopped in the middle of a reply. */
export async function stoppedWhileBusy(world) {
  const client = await generating(world);
  return stop(client);
}

async function stop(client) {
  client.signal('SIGSTOP');
  await until('the client to be stopped', () => processOf(client.pid).state === 'T');
  return client;
}

/** The pane was closed, which ends a client within half a second. */
export async function terminalClosed(world) {
  const client = await idle(world);
  client.id = await client.sessionId();
  await client.tmux.closePane(client.pane.id);
  await until('the client to end', () => !isAlive(client.pid));
  return client;
}

/**
 * The pane was closed, and the client lives on: in a session of its own, as with some launchers, no hangup
 * reaches it. An old client, since newer ones notice by themselves: 2.1.330 at once, 2.1.197 within 7 s.
 */
export async function terminalGone(world) {
  const client = await start(world, 'gone', { version: ON_NODE, launcher: ['sh', '-c', 'setsid "$@"; true', 'sh'] });
  await client.turn('hello');
  await client.tmux.closePane(client.pane.id);
  await until('the terminal to be gone', () => readlinkSync(`/proc/${client.pid}/fd/0`).endsWith(' (deleted)'));
  return client;
}

/** A client in a terminal that nobody reads: its tmux server is stopped, and a long reply has filled the buffer. */
export async function terminalNotRead(world) {
  const tmux = new Tmux(join(world.root, `unread-${++serial}`), world.env);
  const client = await start(world, 'unread', { tmux });
  const prompt = 'tell a very long story';
  const endRule = world.api.when((r) => r.isTurn && r.text.includes(prompt), reply.stall({ text: LONG_TEXT.repeat(100) }));
  const held = await world.api.waitHeld(await client.ask(prompt));
  endRule();
  // It asks the API before it says so: stopped in between, it would stand in a write and call itself idle.
  await client.settle('busy');
  await until('the prompt on disk', async () => (await client.transcript()) && readFileSync(await client.transcript(), 'utf8').includes(prompt));
  process.kill(await tmux.serverPid(), 'SIGSTOP');
  held.finish();
  let looks = 0; // a write that gets through is over by the next look
  await until('the client to stay in a write', () => (looks = isWriting(client.pid) ? looks + 1 : 0) >= 10, { withinMs: 60_000 });
  return client;
}

/** The main thread is in write(2): number 1 on x86-64, 64 on arm64. */
function isWriting(pid) {
  const call = readFileSync(`/proc/${pid}/syscall`, 'utf8').split(' ')[0];
  return call === (process.arch === 'arm64' ? '64' : '1');
}

// ---- small steps ----

const onScreen = (client, words) => until(`"${words}" on the screen`, async () => (await client.screen()).includes(words),
  { look: () => client.screen() });

/** The process of that name below the client. */
const toolProcess = (client, name) => until(`${name} below the client`,
  () => descendantsOf(client.pid).find(({ comm }) => comm === name), { look: () => client.screen() });

/** Waits until the call is on disk and has no result. */
async function openCall(client, name) {
  await until(`an open call of ${name}`, async () => {
    const blocks = readFileSync(await client.transcript(), 'utf8').split('\n').filter(Boolean)
      .flatMap((line) => JSON.parse(line).message?.content ?? []);
    const call = blocks.find((block) => block.type === 'tool_use' && block.name === name);
    return call && !blocks.some((block) => block.tool_use_id === call.id);
  }, { look: () => client.screen() });
}
