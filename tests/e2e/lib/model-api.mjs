// A scripted model on loopback for clients that can be pointed at one: OpenAI's chat completions (POST .../chat/completions)
// and responses (POST .../responses), and Gemini's (POST .../models/NAME:generateContent), streamed where the client asks for
// it. What it answers stands in the last paragraph of the prompt:
//
//     [[say TEXT]]      TEXT
//     [[stall]]         a part of a reply, then nothing until release()
//     [[silent]]        nothing at all until release()
//     [[slow N MS]]     N pieces, one each MS
//     [[run COMMAND]]   a call of the client's shell tool; its result is answered with "Tool done."
//     [[ask COMMAND]]   the same, in the form for which the client asks its user first
//     [[overloaded]]    503, each time
//     [[cut]]           a part of a reply, then the connection is reset
//     anything else     "Hello from the model."
//
// A request that offers no tools (a title, a summary) is answered "A title".

import { createServer } from 'node:http';
import { sleep } from './wait.mjs';

const textOf = (content) => (typeof content === 'string' ? content
  : (content ?? []).map((piece) => (typeof piece === 'string' ? piece : piece.text ?? '')).join('\n\n'));

/** What the APIs send, as one: [{ role: system | user | assistant | call | result, text }]. */
const TURNS = {
  chat: ({ messages }) => messages.flatMap(({ role, content, tool_calls: calls }) => [
    ...(role === 'assistant' && !textOf(content) ? [] : [{ role: { tool: 'result', developer: 'system' }[role] ?? role, text: textOf(content) }]),
    ...(calls ?? []).map(({ function: { arguments: text } }) => ({ role: 'call', text }))]),
  responses: ({ input }) => (typeof input === 'string' ? [{ role: 'user', content: input }] : input).flatMap((item) => {
    if (/_call_output$/.test(item.type)) return [{ role: 'result', text: textOf(item.output) }];
    if (/_call$/.test(item.type)) return [{ role: 'call', text: item.arguments ?? item.input ?? '' }];
    return item.role ? [{ role: item.role === 'developer' ? 'system' : item.role, text: textOf(item.content) }] : [];
  }),
  gemini: ({ contents }) => contents.flatMap(({ role, parts }) => parts.flatMap(({ text, functionCall: call, functionResponse: result }) => {
    if (call) return [{ role: 'call', text: JSON.stringify(call.args) }];
    if (result) return [{ role: 'result', text: JSON.stringify(result.response) }];
    return text ? [{ role: role === 'model' ? 'assistant' : 'user', text }] : [];
  })),
};

/** What the user has typed last: clients add blocks of their own before and behind it. Null: a tool's result came since. */
function promptOf(turns) {
  const since = turns.findLastIndex(({ role }) => ['assistant', 'call', 'result'].includes(role));
  const said = turns.slice(since + 1).filter(({ role }) => role === 'user').map(({ text }) => text).join('\n\n');
  const paragraphs = said.replace(/<([a-zA-Z_-]+)[^<>]*>[\s\S]*?<\/\1>/g, '').split(/\n\s*\n/).map((text) => text.trim());
  return paragraphs.filter(Boolean).at(-1) ?? (turns[since]?.role === 'result' ? null : '');
}

/** The smallest value that such a schema takes. */
function sampleOf(schema) {
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object') return Object.fromEntries((schema.required ?? []).map((key) => [key, sampleOf(schema.properties[key])]));
  return { array: [], boolean: false, number: 0, integer: 0 }[schema.type] ?? 'A title';
}

const USED = { in: 100, out: 10 };

/** How one API writes a reply: text(piece), call(name, args), end(). */
class ChatReply {
  #out;
  #of;
  #calls = false;

  constructor(out, model, id) {
    this.#out = out;
    this.#of = { id: `chatcmpl-${id}`, object: 'chat.completion.chunk', created: 1, model };
    this.id = id;
  }

  #send(delta, finish = null, more = {}) {
    this.#out(`data: ${JSON.stringify({ ...this.#of, choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`);
  }

  text(content) {
    this.#send({ role: 'assistant', content });
  }

  call(name, args) {
    this.#calls = true;
    this.#send({ role: 'assistant', tool_calls: [{ index: 0, id: `call_${this.id}`, type: 'function', function: { name, arguments: JSON.stringify(args) } }] });
  }

  end() {
    this.#send({}, this.#calls ? 'tool_calls' : 'stop',
      { usage: { prompt_tokens: USED.in, completion_tokens: USED.out, total_tokens: USED.in + USED.out } });
    this.#out('data: [DONE]\n\n');
  }

  whole(text) {
    return { ...this.#of, object: 'chat.completion', choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: { prompt_tokens: USED.in, completion_tokens: USED.out, total_tokens: USED.in + USED.out } };
  }
}

class ResponsesReply {
  #out;
  #model;
  #text = null;
  #items = [];
  #begun = false;

  constructor(out, model, id) {
    this.#out = out;
    this.#model = model;
    this.id = id;
  }

  #send(type, more) {
    this.#out(`event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`);
  }

  #response(status) {
    return { id: `resp_${this.id}`, object: 'response', created_at: 1, status, model: this.#model, output: this.#items, error: null,
      usage: status !== 'completed' ? null : { input_tokens: USED.in, input_tokens_details: { cached_tokens: 0 }, output_tokens: USED.out,
        output_tokens_details: { reasoning_tokens: 0 }, total_tokens: USED.in + USED.out } };
  }

  #begin() {
    if (!this.#begun) this.#send('response.created', { response: this.#response('in_progress') });
    this.#begun = true;
  }

  #message(status) {
    return { id: `msg_${this.id}`, type: 'message', role: 'assistant', status, content: [{ type: 'output_text', text: this.#text, annotations: [] }] };
  }

  text(piece) {
    this.#begin();
    if (this.#text === null) this.#send('response.output_item.added', { output_index: 0, item: { ...this.#message('in_progress'), content: [] } });
    this.#text = (this.#text ?? '') + piece;
    this.#send('response.output_text.delta', { item_id: `msg_${this.id}`, output_index: 0, content_index: 0, delta: piece });
  }

  #finish(item) {
    this.#send('response.output_item.done', { output_index: this.#items.length, item });
    this.#items.push(item);
  }

  call(name, args) {
    this.#begin();
    this.#finish({ id: `fc_${this.id}`, type: 'function_call', call_id: `call_${this.id}`, name, arguments: JSON.stringify(args), status: 'completed' });
  }

  end() {
    if (this.#text !== null) this.#finish(this.#message('completed'));
    this.#send('response.completed', { response: this.#response('completed') });
  }

  whole(text) {
    this.#text = text;
    this.#items.push(this.#message('completed'));
    return this.#response('completed');
  }
}

class GeminiReply {
  #out;
  #calls = 0;

  constructor(out, model, id) {
    this.#out = out;
    this.id = id;
  }

  #chunk(parts, more) {
    return { candidates: [{ index: 0, content: { role: 'model', parts }, ...more }],
      usageMetadata: { promptTokenCount: USED.in, candidatesTokenCount: USED.out, totalTokenCount: USED.in + USED.out } };
  }

  #send(parts, more) {
    this.#out(`data: ${JSON.stringify(this.#chunk(parts, more))}\n\n`);
  }

  text(text) {
    this.#send([{ text }]);
  }

  call(name, args) {
    this.#send([{ functionCall: { id: `call_${this.id}_${this.#calls++}`, name, args } }]);
  }

  end() {
    this.#send([{ text: '' }], { finishReason: 'STOP' });
  }

  whole(text) {
    return this.#chunk([{ text }], { finishReason: 'STOP' });
  }
}

/** Which of them a path asks for: [name, whether it streams]; none: undefined. */
function apiOf(path) {
  const [, method] = /:(generateContent|streamGenerateContent)$/.exec(path) ?? [];
  if (method) return ['gemini', method === 'streamGenerateContent'];
  const api = { completions: 'chat', responses: 'responses' }[path.split('/').at(-1)];
  return api && [api];
}

const REPLIES = { chat: ChatReply, responses: ResponsesReply, gemini: GeminiReply };

export class ModelApi {
  #server;
  #shell;
  #held = [];
  requests = []; // those that offer tools: { prompt, turns, sent (pieces), sentAt (of [[slow]]), ended }

  /** shell(command, asks): { name, args } of the call by which the client's shell tool runs a command. */
  static async listen(shell) {
    const api = new ModelApi();
    api.#shell = shell;
    api.#server = createServer((request, response) => api.#answer(request, response).catch(() => response.destroy()));
    await new Promise((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}/v1`;
  }

  async #answer(request, response) {
    let raw = '';
    for await (const piece of request) raw += piece;
    response.on('error', () => {});
    const json = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (request.method === 'GET' && request.url.endsWith('/models')) return json(200, { object: 'list', data: [{ id: 'model', object: 'model' }] });
    const [api, streams] = apiOf(new URL(request.url, this.url).pathname) ?? [];
    if (request.method !== 'POST' || !api) return json(404, { error: { message: 'not found' } });
    const body = JSON.parse(raw);
    const isStreamed = streams ?? body.stream;
    const reply = new REPLIES[api]((text) => response.write(text), body.model, `${Date.now()}${Math.random()}`.replace('.', ''));
    const start = () => response.headersSent || response.writeHead(200, { 'content-type': 'text/event-stream' });
    const finish = () => {
      start();
      reply.end();
      response.end();
    };
    const say = (text) => {
      if (!isStreamed) return json(200, reply.whole(text));
      start();
      reply.text(text);
      return finish();
    };
    const schema = body.response_format?.json_schema?.schema ?? body.text?.format?.schema ?? body.generationConfig?.responseJsonSchema;
    if (!body.tools?.length) return say(schema ? JSON.stringify(sampleOf(schema)) : 'A title');

    const turns = TURNS[api](body);
    const prompt = promptOf(turns);
    const seen = { prompt: prompt ?? '', turns, sent: 0, sentAt: [], ended: false };
    response.on('close', () => { seen.ended = true; });
    this.requests.push(seen);
    if (prompt === null) return this.#afterTool(turns, { start, reply, finish, say });
    const [, word, rest] = [...prompt.matchAll(/\[\[(\w+)(?: (.*?))?\]\]/gs)].at(-1) ?? [];
    const part = () => {
      start();
      reply.text('A part of a reply ');
      seen.sent++;
    };
    const hold = () => this.#held.push(() => {
      start();
      reply.text('and the rest.');
      finish();
    });
    switch (word) {
      case 'stall':
        part();
        return hold();
      case 'silent':
        return hold();
      case 'slow':
        start();
        for (const [pieces, pauseMs] = rest.split(' ').map(Number); seen.sent < pieces && !response.destroyed; await sleep(pauseMs)) {
          reply.text(`piece ${++seen.sent} `);
          seen.sentAt.push(performance.now());
        }
        return finish();
      case 'run':
      case 'ask': {
        const { name, args } = this.#shell(rest, word === 'ask');
        start();
        reply.call(name, args);
        return finish();
      }
      case 'overloaded':
        return json(503, { error: { message: 'Overloaded', type: 'server_error', code: null } });
      case 'cut':
        part();
        await sleep(100);
        return response.socket?.resetAndDestroy();
      default:
        return say(word === 'say' ? rest : 'Hello from the model.');
    }
  }

  /** Codex hands a command that runs on back to its model, which then asks for more of its output. */
  #afterTool(turns, { start, reply, finish, say }) {
    const [, running] = /running with session ID (\d+)/.exec(turns.at(-1).text) ?? [];
    if (!running) return say('Tool done.');
    start();
    reply.call('write_stdin', { session_id: Number(running), chars: '', yield_time_ms: 300_000 });
    return finish();
  }

  /** How many replies are held. */
  get held() {
    return this.#held.length;
  }

  /** Sends the rest of each reply that is held. */
  release() {
    for (const go of this.#held.splice(0)) go();
  }

  close() {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}
