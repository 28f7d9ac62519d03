// A scripted Messages API on loopback, for a real client to talk to.
//
//     const api = await MockApi.listen();         // 127.0.0.1, a free port; api.url for the client
//     api.when((request) => request.text.includes('summary'), reply.silence());
//     ... the client asks ...
//     const request = await api.waitFor((r) => r.text.includes('hello'));
//     api.held[0].finish();                       // or .close(), .reset(): end a stream that stands still
//     await api.close();
//
// How a request is answered, first match wins: a rule of `when`; the directive in the prompt of the turn
// (replies.mjs); the next reply of `api.queue` for requests that carry tools, which is what a turn of a
// conversation does; else a short text. Requests that the real API would refuse (api-rules.mjs) are refused
// in its words, whatever the script says.

import http from 'node:http';
import { randomBytes } from 'node:crypto';
import { blocks, refusal, sign } from './api-rules.mjs';
import { countTokens } from './count-tokens.mjs';
import { LONG_TEXT, directiveIn, reply } from './replies.mjs';
import { sleep, until } from './wait.mjs';

const SIDE_ANSWER = reply.text('{"title": "Scripted session", "isNewTopic": false}');

export class MockApi {
  /** Every POST /v1/messages so far, oldest first: { seq, at, body, text, isTurn, streams, refusal, reply,
   *  sent }; `refusal` as of api-rules.mjs, and `sent` the number of events of the stream that went out. */
  requests = [];
  /** Answers that stand still: { request, finish(), close(), reset() }. */
  held = [];
  /** Replies for coming turns that carry no directive. */
  queue = [];
  /** Where it is set, requests of more tokens are refused, and answers say how many they were. */
  window = null;

  #rules = [];
  #server;

  static async listen() {
    const api = new MockApi();
    api.#server = http.createServer((req, res) => api.#handle(req, res).catch((error) => res.destroy(error)));
    api.#server.requestTimeout = 0; // an unanswered request stays open for as long as the test wants
    api.#server.keepAliveTimeout = 120_000; // node's 5 s are shorter than the client's pauses between tries
    await new Promise((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    api.url = `http://127.0.0.1:${api.#server.address().port}`;
    return api;
  }

  /** From now on requests that satisfy `predicate` are answered so; `answer` may be a function of the request.
   *  Returns a function that ends the rule. */
  when(predicate, answer) {
    const rule = { predicate, answer };
    this.#rules.push(rule);
    return () => { this.#rules = this.#rules.filter((other) => other !== rule); };
  }

  /** Waits for a request, past ones included, that satisfies `predicate`. */
  waitFor(predicate, options) {
    return until('a request to the scripted API', () => this.requests.find(predicate), {
      look: () => this.requests.map((r) => `  ${r.seq} ${JSON.stringify(r.text.slice(-100))}`).join('\n'),
      ...options,
    });
  }

  /** Waits until the answer to `request` stands still, and returns its entry in `held`. */
  waitHeld(request, options) {
    return until('a reply that stands still', () => this.held.find((h) => h.request === request), options);
  }

  async close() {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(req, res) {
    const bytes = await bytesOf(req);
    const path = new URL(req.url, 'http://loopback').pathname;
    if (req.method === 'HEAD' || path === '/' || path === '/api/hello') return res.writeHead(200).end();
    if (req.method === 'POST' && path === '/v1/messages/count_tokens')
      return sendJson(res, 200, { input_tokens: Math.ceil(bytes.length / 4) });
    if (req.method === 'POST' && path === '/v1/messages') return this.#messages(res, bytes);
    return sendError(res, 404, 'not_found_error', `${req.method} ${path} is not scripted`);
  }

  async #messages(res, bytes) {
    let body;
    try {
      body = JSON.parse(bytes);
    } catch (error) {
      return sendError(res, 400, 'invalid_request_error', `The request body is not valid JSON: ${error.message}`);
    }
    const request = {
      seq: this.requests.length + 1,
      at: Date.now(),
      body,
      text: Array.isArray(body.messages) ? newestText(body.messages) : '',
      isTurn: (body.tools?.length ?? 0) > 0,
      streams: body.stream === true,
      tokens: countTokens(body),
      refusal: refusal(body, bytes) ?? this.#tooLong(body),
      sent: 0,
    };
    request.reply = request.refusal ? null : this.#choose(request);
    this.requests.push(request);
    if (request.refusal) {
      const { status, type, message } = request.refusal;
      return sendError(res, status, type, message);
    }
    return this.#answer(res, request);
  }

  #tooLong(body) {
    const tokens = this.window && countTokens(body);
    return !tokens || tokens <= this.window ? null
      : { status: 400, type: 'invalid_request_error', message: `prompt is too long: ${tokens} tokens > ${this.window} maximum` };
  }

  #choose(request) {
    const rule = this.#rules.find(({ predicate }) => predicate(request));
    if (rule) return typeof rule.answer === 'function' ? rule.answer(request) : rule.answer;
    if (!request.isTurn) return SIDE_ANSWER;
    return scriptedByPrompt(request.body.messages ?? []) ?? this.queue.shift() ?? reply.text();
  }

  async #answer(res, request) {
    const wanted = this.window === null ? request.reply : { inputTokens: request.tokens, ...request.reply };
    switch (wanted.kind) {
      case 'error':
        return sendError(res, wanted.status, wanted.type, wanted.message, wanted.headers);
      case 'silence':
        return this.#hold(res, request);
      case 'headers-only':
        res.writeHead(200, EVENT_STREAM).flushHeaders();
        return this.#hold(res, request);
      case 'stream':
        if (request.streams) return this.#stream(res, request, wanted);
        return wanted.end ? this.#hold(res, request) : sendJson(res, 200, wholeMessage(wanted, request.body.model));
      default:
        throw new Error(`no such kind of reply: ${wanted.kind}`);
    }
  }

  async #stream(res, request, wanted) {
    const { everyMs = 2, end, pingMs } = wanted;
    const events = eventsOf(wanted, request.body.model);
    const sentUntil = end ? Math.ceil(events.length / 2) : events.length;
    res.writeHead(200, EVENT_STREAM);
    for (const event of events.slice(0, sentUntil)) {
      if (res.destroyed) return;
      res.write(wire(event));
      request.sent++;
      await sleep(event.type === 'content_block_delta' ? everyMs : 0);
    }
    if (end === 'reset') return res.socket?.resetAndDestroy();
    if (end !== 'hold') return res.end();

    this.#hold(res, request, events.slice(sentUntil));
    if (pingMs) {
      const pings = setInterval(() => res.write(wire({ type: 'ping' })), pingMs);
      res.on('close', () => clearInterval(pings));
    }
  }

  #hold(res, request, rest = []) {
    const entry = {
      request,
      finish: () => { for (const event of rest) res.write(wire(event)); res.end(); },
      close: () => res.end(),
      reset: () => res.socket?.resetAndDestroy(),
    };
    this.held.push(entry);
    res.on('close', () => { this.held = this.held.filter((other) => other !== entry); });
  }
}

const EVENT_STREAM = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

/** The text of the newest user message, tool results left out. */
function newestText(messages) {
  const message = messages.filter((m) => m.role === 'user').at(-1);
  return message ? plainText(message) : '';
}

const plainText = (message) => (blocks(message) ?? []).filter((b) => b?.type === 'text').map((b) => b.text).join('\n');
const bringsResults = (message) => blocks(message).some((b) => b.type === 'tool_result');

/**
 * The reply that the turn's own prompt asks for. The prompt is the newest user message without tool
 * results; each assistant message since is one step along `then`. So a retry gets the same reply again,
 * and a resumed conversation goes on where it stood, without a memory of what was asked before.
 */
function scriptedByPrompt(messages) {
  const at = messages.findLastIndex((m) => m.role === 'user' && !bringsResults(m));
  if (at < 0) return null;
  let wanted = directiveIn(plainText(messages[at]));
  if (!wanted) return null;
  const steps = messages.slice(at + 1).filter((m) => m.role === 'assistant').length;
  for (let i = 0; i < steps; i++) wanted = wanted?.then;
  return wanted ?? reply.text('Done.');
}

const newId = (prefix) => `${prefix}_${randomBytes(12).toString('hex')}`;

function usageOf({ inputTokens = 10, text = LONG_TEXT }) {
  return { input_tokens: inputTokens, cache_creation_input_tokens: 0, cache_read_input_tokens: 0,
    output_tokens: Math.max(1, Math.ceil(text.length / 4)) };
}

/** The events of a streamed message, in order, pings left out. */
function eventsOf({ text = LONG_TEXT, thinking, thinks = 0, tools = [], pieces = 4, ...more }, model) {
  const usage = usageOf({ text, ...more });
  const parts = [];
  if (thinks) parts.push({ empty: { type: 'thinking', thinking: '', signature: '' },
    deltas: [...Array.from({ length: thinks }, (_, i) => ({ type: 'thinking_delta', thinking: `Thought ${i}. ` })),
      { type: 'signature_delta', signature: sign(Array.from({ length: thinks }, (_, i) => `Thought ${i}. `).join('')) }] });
  if (thinking) parts.push({ empty: { type: 'thinking', thinking: '', signature: '' },
    deltas: [{ type: 'thinking_delta', thinking }, { type: 'signature_delta', signature: sign(thinking) }] });
  if (text) parts.push({ empty: { type: 'text', text: '' },
    deltas: (Array.isArray(pieces) ? pieces : cutInto(text, pieces)).map((piece) => ({ type: 'text_delta', text: piece })) });
  for (const tool of tools) parts.push({ empty: { type: 'tool_use', id: newId('toolu'), name: tool.name, input: {} },
    deltas: [{ type: 'input_json_delta', partial_json: JSON.stringify(tool.input) }] });

  return [
    { type: 'message_start', message: { id: newId('msg'), type: 'message', role: 'assistant', model, content: [],
      stop_reason: null, stop_sequence: null, usage: { ...usage, output_tokens: 1 } } },
    ...parts.flatMap(({ empty, deltas }, index) => [
      { type: 'content_block_start', index, content_block: empty },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]),
    { type: 'message_delta', usage,
      delta: { stop_reason: tools.length ? 'tool_use' : 'end_turn', stop_sequence: null } },
    { type: 'message_stop' },
  ];
}

/** The same message in one piece, for a request that does not stream. */
function wholeMessage({ text = LONG_TEXT, thinking, tools = [], ...more }, model) {
  return {
    id: newId('msg'), type: 'message', role: 'assistant', model,
    content: [
      ...(thinking ? [{ type: 'thinking', thinking, signature: sign(thinking) }] : []),
      ...(text ? [{ type: 'text', text }] : []),
      ...tools.map((tool) => ({ type: 'tool_use', id: newId('toolu'), ...tool })),
    ],
    stop_reason: tools.length ? 'tool_use' : 'end_turn', stop_sequence: null, usage: usageOf({ text, ...more }),
  };
}

function cutInto(text, pieces) {
  const size = Math.max(1, Math.ceil(text.length / pieces));
  return Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
}

const wire = (event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

async function bytesOf(req) {
  const parts = [];
  for await (const part of req) parts.push(part);
  return Buffer.concat(parts);
}

function sendJson(res, status, value, headers = {}) {
  res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

function sendError(res, status, type, message, headers) {
  sendJson(res, status, { type: 'error', error: { type, message } }, headers);
}
