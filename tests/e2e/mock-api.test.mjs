// The scripted API itself: the other tests are worth what it is. Asked here by plain HTTP, without a client.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { refusal, sign } from './lib/api-rules.mjs';
import { MockApi } from './lib/mock-api.mjs';
import { LONG_TEXT, bash, directiveIn, reply, withDirective } from './lib/replies.mjs';

const user = (content) => ({ role: 'user', content });
const assistant = (content) => ({ role: 'assistant', content });
const call = (id) => ({ type: 'tool_use', id, name: 'Bash', input: {} });
const result = (id, content = 'out') => ({ type: 'tool_result', tool_use_id: id, content });
const TOOLS = [{ name: 'Bash' }];

describe('the scripted API', () => {
  let api;
  test('it listens on loopback', async () => {
    api = await MockApi.listen();
    assert.match(api.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  });
  after(() => api.close());

  const post = (body, signal) => fetch(`${api.url}/v1/messages`, { method: 'POST', body: JSON.stringify(body), signal });
  const ask = (messages, more) => post({ model: 'm', tools: TOOLS, messages, ...more });
  const eventsOf = (sse) => sse.split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)));
  const textOf = (events) => events.map((event) => event.delta?.text ?? '').join('');

  test('a directive in the prompt chooses the reply, and `then` the one after the tools', async () => {
    const prompt = withDirective('list "it"', reply.tools([bash('echo "}"'), bash('ls')], { then: reply.text('Two files.') }));
    const first = await (await ask([user(prompt)])).json();
    assert.deepEqual(first.content.map(({ type }) => type), ['text', 'tool_use', 'tool_use']);
    assert.equal(first.stop_reason, 'tool_use');
    const results = first.content.slice(1).map(({ id }) => result(id));
    const second = await (await ask([user(prompt), assistant(first.content), user(results)])).json();
    assert.equal(second.content[0].text, 'Two files.');
  });

  test('a directive ends where its object ends', () => {
    assert.deepEqual(directiveIn('x REPLY {"kind":"text","text":"a } b"} and more'), { kind: 'text', text: 'a } b' });
    assert.equal(directiveIn('no such word'), null);
  });

  test('queued replies go to turns of a conversation only, in order', async () => {
    api.queue.push(reply.text('one'), reply.text('two'));
    const side = await (await post({ model: 'm', messages: [user('name this')] })).json();
    assert.match(side.content[0].text, /title/);
    for (const expected of ['one', 'two']) assert.equal((await (await ask([user('hi')])).json()).content[0].text, expected);
  });

  test('a stream carries the whole text, and a finished stall the rest of it', async () => {
    const whole = eventsOf(await (await ask([user(withDirective('a', reply.slowly({ everyMs: 1 })))], { stream: true })).text());
    assert.equal(textOf(whole), LONG_TEXT);
    assert.equal(whole.at(-1).type, 'message_stop');

    const response = await ask([user(withDirective('stand still', reply.stall()))], { stream: true });
    const body = response.text();
    const held = await api.waitHeld(await api.waitFor((r) => r.text.includes('stand still')));
    held.finish();
    assert.equal(textOf(eventsOf(await body)), LONG_TEXT);
    assert.equal(api.held.length, 0);
  });

  test('a stall sends half and then pings only', async () => {
    const response = await ask([user(withDirective('a', reply.stall({ pingMs: 5 })))], { stream: true });
    let seen = '';
    for await (const piece of response.body) {
      seen += Buffer.from(piece);
      if (seen.split('"type":"ping"').length > 3) break;
    }
    const text = textOf(eventsOf(seen));
    assert.ok(text.length > 0 && text.length < LONG_TEXT.length && LONG_TEXT.startsWith(text));
  });

  test('drop and cut end a stream early, each in its way', async () => {
    const dropped = await ask([user(withDirective('a', reply.drop()))], { stream: true });
    await assert.rejects(dropped.text());
    const cut = eventsOf(await (await ask([user(withDirective('a', reply.cut()))], { stream: true })).text());
    assert.notEqual(cut.at(-1).type, 'message_stop');
  });

  test('silence never answers', async () => {
    await assert.rejects(post({ model: 'm', tools: TOOLS, messages: [user(withDirective('a', reply.silence()))] }, AbortSignal.timeout(300)));
  });

  test('errors keep their status', async () => {
    assert.equal((await ask([user(withDirective('a', reply.overloaded()))])).status, 529);
    assert.equal((await ask([user(withDirective('a', reply.refused()))])).status, 400);
  });

  const judged = (body) => refusal(body, Buffer.from(JSON.stringify(body)));
  const refuses = (what, messages, expected, more) => test(`refused: ${what}`, () => {
    const found = judged({ messages, ...more });
    assert.match(found?.message ?? 'accepted', expected);
    assert.deepEqual([found.status, found.type], [400, 'invalid_request_error']);
  });
  const accepted = (what, messages, more) => test(`accepted: ${what}`, () => assert.equal(judged({ messages, ...more }), null));
  const text = (words) => ({ type: 'text', text: words });
  const thinking = (words, signature = sign(words)) => ({ type: 'thinking', thinking: words, signature });

  test('a refusal is the answer, and is remembered', async () => {
    const response = await ask([user('hi'), assistant('never ending')]);
    assert.equal(response.status, 400);
    assert.match((await response.json()).error.message, /must end with a user message/);
    assert.match(api.requests.at(-1).refusal.message, /must end with a user message/);
  });

  describe('what a conversation must be', () => {
    refuses('no messages', [], /at least one message/);
    refuses('an assistant first', [assistant('hi'), user('hi')], /first message must use the "user" role/);
    refuses('an assistant last', [user('hi'), assistant('hi')], /must end with a user message/);
    refuses('an unknown role', [{ role: 'tool', content: 'hi' }], /messages\.0\.role/);
    refuses('content that is null', [user('hi'), assistant(null), user('hi')], /messages\.1\.content: Input should be a valid list/);
    refuses('a member that no message has', [{ ...user('hi'), uuid: 'a' }], /messages\.0\.uuid: Extra inputs/);
    refuses('a member that no such block has', [user([{ ...text('hi'), id: 'a' }])], /text\.id: Extra inputs/);
    refuses('a block of no known kind', [user([{ type: 'progress' }])], /Input tag 'progress'/);
    refuses('a block that is no object', [user([null])], /Input tag/);
    accepted('a mark for the cache', [user([{ ...text('hi'), cache_control: { type: 'ephemeral' } }])]);
    accepted('consecutive messages of one role, results split over two, turns of the system', [user('hi'), user('there'),
      assistant([call('a')]), assistant([call('b')]), user([result('b')]), { role: 'system', content: 'note' }, user([result('a')]), user('go on')]);
  });

  describe('what text must be', () => {
    refuses('empty text', [user([text('')])], /non-empty content/);
    refuses('empty text beside other', [user([text(''), text('hi')])], /text content blocks must be non-empty/);
    refuses('empty text before a call', [user('hi'), assistant([text(''), call('a')]), user([result('a')])], /must be non-empty/);
    refuses('a turn of white space', [user('hi'), assistant(' \n'), user('hi')], /non-whitespace/);
    refuses('no blocks', [user('hi'), assistant([]), user('hi')], /non-empty content/);
    refuses('text that is no string', [user([text(null)])], /Input should be a valid string/);
    accepted('white space beside a call', [user('hi'), assistant([text('\n\n'), call('a')]), user([result('a')])]);
    accepted('an empty result', [user('hi'), assistant([call('a'), call('b')]), user([result('a', ''), result('b', [text('')])])]);
    refuses('an error that says nothing', [user('hi'), assistant([call('a')]), user([{ ...result('a', ''), is_error: true }])], /cannot be empty if/);
  });

  describe('how calls and results belong together', () => {
    const orphan = /messages\.1: `tool_use` ids were found without `tool_result` blocks immediately after: a/;
    refuses('a call without a result', [user('hi'), assistant([call('a')]), user('go on')], orphan);
    refuses('a call answered too late', [user('hi'), assistant([call('a')]), user('no'), assistant('so'), user([result('a')])], orphan);
    refuses('a call answered behind text', [user('hi'), assistant([call('a')]), user([text('no'), result('a')])], orphan);
    refuses('a call answered in a message behind text', [user('hi'), assistant([call('a')]), user('no'), user([result('a')])], orphan);
    refuses('one of two calls without a result', [user('hi'), assistant([call('b'), call('a')]), user([result('b')])], orphan);
    refuses('a result without a call', [user('hi'), assistant('hi'), user([result('a')])], /messages\.2\.content\.0: unexpected `tool_use_id`/);
    refuses('a result at the very beginning', [user([result('a')])], /unexpected `tool_use_id`/);
    refuses('a result given twice', [user('hi'), assistant([call('a')]), user([result('a'), result('a')])], /must have a single result/);
    refuses('a call made twice', [user('hi'), assistant([call('a')]), user([result('a')]), assistant([call('a')]), user([result('a')])], /ids must be unique/);
    refuses('a call made twice at once', [user('hi'), assistant([call('a'), call('a')]), user([result('a')])], /ids must be unique/);
    refuses('a call by the user', [user([call('a')])], /can only be in `assistant` messages/);
    refuses('a result by the assistant', [user('hi'), assistant([result('a')]), user('hi')], /can only be in `user` messages/);
    refuses('a call without an input', [user('hi'), assistant([{ ...call('a'), input: 'ls' }]), user([result('a')])], /valid dictionary/);
    refuses('an id of other characters', [user('hi'), assistant([call('a.b')]), user([result('a.b')])], /should match pattern/);
    accepted('results in another order, and text behind them',
      [user('hi'), assistant([call('a'), call('b')]), user([result('b'), result('a'), text('go on')])]);
  });

  describe('how thinking comes back', () => {
    const latest = (block) => [user('hi'), assistant([block, call('a')]), user([result('a')])];
    const earlier = (block) => [user('hi'), assistant([block, text('so')]), user('and'), assistant('then'), user('hi')];
    accepted('as it was given', latest(thinking('hm')));
    accepted('with its text left out', latest(thinking('', sign('hm'))));
    refuses('without a signature', latest(thinking('hm', '')), /Invalid `signature` in `thinking` block/);
    refuses('with a signature of something else', earlier(thinking('hm', sign('ho'))), /Invalid `signature`/);
    refuses('changed, in the latest answer', latest(thinking('hm', sign('ho'))), /cannot be modified/);
    refuses('behind text', [user('hi'), assistant([text('so'), thinking('hm')]), user('hi')], /first block must be `thinking`/);
    refuses('not at all, though it is asked for', [user('hi'), assistant([call('a')]), user([result('a')])], /^messages\.1\.content\.0\.type: Expected `thinking`/,
      { thinking: { type: 'enabled' } });
    accepted('not at all, where the model decides', [user('hi'), assistant([call('a')]), user([result('a')])], { thinking: { type: 'adaptive' } });
    refuses('from the user', [user([thinking('hm')])], /can only be in `assistant` messages/);
  });

  describe('how large pictures may be', () => {
    const png = (width, height, padding = 0) => {
      const bytes = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d494844520000000000000000', 'hex'), Buffer.alloc(padding)]);
      bytes.writeUInt32BE(width, 16);
      bytes.writeUInt32BE(height, 20);
      return bytes.toString('base64');
    };
    const image = (data, type = 'image/png') => ({ type: 'image', source: { type: 'base64', media_type: type, data } });
    const shown = (...parts) => [user('look'), assistant([call('a')]), user([result('a', parts)])];
    accepted('in a prompt and in a result', [user([image(png(8000, 1))]), ...shown(image(png(1, 8000))).slice(1)]);
    refuses('more than 5 MB of base64', [user([image(png(1, 1, 4_000_000))])], /image exceeds 5 MB maximum: 53333\d\d bytes > 5242880 bytes/);
    refuses('a side of more than 8000 pixels', [user([image(png(8001, 1))])], /max allowed size: 8000 pixels/);
    refuses('the same in a result', shown(image(png(1, 8001))), /messages\.2\.content\.0\.tool_result\.content\.0\..*8000 pixels/);
    refuses('more than 2000 pixels among more than twenty', shown(...Array(20).fill(image(png(9, 9))), image(png(2001, 9))), /many-image requests: 2000 pixels/);
    accepted('the same among twenty', shown(...Array(19).fill(image(png(9, 9))), image(png(2001, 9))));
    refuses('what is no picture', [user([image('bm90aGluZw==')])], /Could not process image/);
    refuses('a picture of another kind', [user([image(png(9, 9), 'image/gif')])], /appears to be a image\/png image/);
  });

  test('half of a surrogate pair is refused, a whole one is not', () => {
    const body = { messages: [user('hi')] };
    const of = (raw) => refusal(body, Buffer.from(raw))?.message ?? 'accepted';
    assert.match(of('{"text":"\\ud83d"}'), /surrogate/);
    assert.match(of('{"text":"\\ud83d \\ude00"}'), /surrogate/);
    assert.match(of('{"text":"\\ude00"}'), /surrogate/);
    assert.equal(of('{"text":"\\ud83d\\ude00"}'), 'accepted');
    assert.equal(of('{"text":"\\\\ud83d"}'), 'accepted');
  });

  test('bytes that are not UTF-8 are refused', () => {
    assert.match(refusal({ messages: [user('hi')] }, Buffer.from([0x22, 0xed, 0xa0, 0xbd, 0x22])).message, /UTF-8/);
  });

  test('more than 32 MB is too large', () => {
    assert.deepEqual(refusal({ messages: [user('hi')] }, Buffer.alloc(32 * 1024 * 1024 + 1, ' ')).status, 413);
  });
});
