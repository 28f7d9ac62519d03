// What the real Messages API refuses: checks of one request, so that a client that resumed a damaged
// history fails here as it would there. Only rules that a replayed conversation can break are held; their
// wording follows the answers that people were given.
//
//     refusal(body, bytes) → null, or { status, type, message } of the answer
//     sign(thinking) → the signature without which a thinking block is not taken back

import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';

const MAX_REQUEST_BYTES = 32 * 1024 * 1024;
const MAX_IMAGE_BASE64 = 5 * 1024 * 1024; // the length of the base64 text, not of the image
const MAX_IMAGE_SIDE = 8000;
const MANY_IMAGES = 20; // with more than these in a request, no side may exceed:
const MAX_SIDE_OF_MANY = 2000;

/** The members that a block of each kind may have. Of a block that only the API's own tools make, nothing is known. */
const BLOCKS = {
  text: ['text', 'citations'],
  image: ['source'],
  document: ['source', 'title', 'context', 'citations'],
  thinking: ['thinking', 'signature'],
  redacted_thinking: ['data'],
  tool_use: ['id', 'name', 'input', 'caller'],
  tool_result: ['tool_use_id', 'content', 'is_error'],
  search_result: null, tool_reference: null, container_upload: null, server_tool_use: null, mcp_tool_use: null,
  mcp_tool_result: null, web_search_tool_result: null, web_fetch_tool_result: null, code_execution_tool_result: null,
  bash_code_execution_tool_result: null, text_editor_code_execution_tool_result: null, tool_search_tool_result: null,
};

/** Returns the first reason to refuse the request, or null. `bytes` is what the body was read from. */
export function refusal(body, bytes) {
  if (bytes.length > MAX_REQUEST_BYTES)
    return { status: 413, type: 'request_too_large', message: 'Request exceeds the maximum size' };
  const message = encodingRefusal(bytes) ?? conversationRefusal(body);
  return message && { status: 400, type: 'invalid_request_error', message };
}

/** Consecutive messages of one role count as one, and the client's own `system` turns as none. */
export function joinTurns(messages) {
  const turns = [];
  for (const message of messages) {
    if (message.role === 'system') continue;
    const last = turns.at(-1);
    if (last?.role === message.role) last.content.push(...blocks(message));
    else turns.push({ role: message.role, content: [...blocks(message)] });
  }
  return turns;
}

/** The content of a message as blocks; a bare string is one text block. */
export function blocks(message) {
  return typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
}

/** Bound to the thinking, so that one that was changed is found out. */
export function sign(thinking) {
  return Buffer.from(`scripted:${createHash('sha256').update(thinking).digest('hex')}`).toString('base64');
}

function encodingRefusal(bytes) {
  if (!isUtf8(bytes)) return 'The request body is not valid JSON: invalid UTF-8';
  const at = loneSurrogate(bytes.toString());
  return at === null ? null : `The request body is not valid JSON: no low surrogate in string: char ${at}`;
}

function conversationRefusal({ messages, thinking }) {
  if (!Array.isArray(messages) || messages.length === 0) return 'messages: at least one message is required';
  const badShape = firstOf(messages, shapeRefusal);
  if (badShape) return badShape;

  const turns = joinTurns(messages);
  if (turns.length === 0 || turns[0].role !== 'user') return 'messages: first message must use the "user" role';
  if (turns.at(-1).role === 'assistant') return 'The conversation must end with a user message.';
  return firstOf(turns, emptinessRefusal) ?? repeatedCall(turns) ?? firstOf(turns, (_, i) => pairsRefusal(turns, i))
    ?? thinkingRefusal(turns, thinking) ?? imagesRefusal(turns);
}

function shapeRefusal(message, i) {
  const where = `messages.${i}`;
  if (!['user', 'assistant', 'system'].includes(message.role)) return `${where}.role: Input should be 'user' or 'assistant'`;
  const extra = Object.keys(message).find((key) => key !== 'role' && key !== 'content');
  if (extra) return `${where}.${extra}: Extra inputs are not permitted`;
  if (typeof message.content === 'string') return null;
  if (!Array.isArray(message.content)) return `${where}.content: Input should be a valid list`;
  return firstOf(message.content, (block, j) => blockRefusal(message.role, block, `${where}.content.${j}`));
}

function blockRefusal(role, block, where) {
  if (!(block?.type in BLOCKS)) return `${where}: Input tag '${block?.type}' found using 'type' does not match any of the expected tags`;
  const known = BLOCKS[block.type];
  const extra = known && Object.keys(block).find((key) => !['type', 'cache_control', ...known].includes(key));
  if (extra) return `${where}.${block.type}.${extra}: Extra inputs are not permitted`;
  switch (block.type) {
    case 'text':
      return typeof block.text === 'string' ? null : `${where}.text.text: Input should be a valid string`;
    case 'image':
      return block.source?.type !== 'base64' || typeof block.source.data === 'string' ? null
        : `${where}.image.source.base64.data: Input should be a valid string`;
    case 'thinking':
      if (role !== 'assistant') return `${where}: \`thinking\` blocks can only be in \`assistant\` messages`;
      return typeof block.thinking === 'string' ? null : `${where}.thinking.thinking: Input should be a valid string`;
    case 'tool_use':
      return callRefusal(role, block, where);
    case 'tool_result':
      return resultRefusal(role, block, where);
    default:
      return null;
  }
}

function callRefusal(role, { id, name, input }, where) {
  if (role !== 'assistant') return `${where}: \`tool_use\` blocks can only be in \`assistant\` messages`;
  if (!/^[a-zA-Z0-9_-]+$/.test(id ?? '')) return `${where}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`;
  if (!/^[a-zA-Z0-9_-]{1,200}$/.test(name ?? '')) return `${where}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'`;
  const isDictionary = input !== null && typeof input === 'object' && !Array.isArray(input);
  return isDictionary ? null : `${where}.tool_use.input: Input should be a valid dictionary`;
}

function resultRefusal(role, { content = '', is_error: isError }, where) {
  if (role !== 'user') return `${where}: \`tool_result\` blocks can only be in \`user\` messages`;
  if (isError && content.length === 0) return `${where}.tool_result: content cannot be empty if \`is_error\` is true`;
  if (typeof content === 'string') return null;
  if (!Array.isArray(content)) return `${where}.tool_result.content: Input should be a valid list`;
  return firstOf(content, (part, k) => blockRefusal('user', part, `${where}.tool_result.content.${k}`));
}

/** Text may not be empty anywhere, and a turn may not be nothing but white space. Results may be empty. */
function emptinessRefusal({ content }, i) {
  if (content.length === 0 || (content.length === 1 && content[0].type === 'text' && content[0].text === ''))
    return `messages.${i}: all messages must have non-empty content except for the optional final assistant message`;
  const texts = content.filter(({ type }) => type === 'text');
  if (texts.some(({ text }) => text === '')) return 'messages: text content blocks must be non-empty';
  return texts.length === content.length && texts.every(({ text }) => text.trim() === '')
    ? 'messages: text content blocks must contain non-whitespace text' : null;
}

/**
 * Each call is answered in the very next turn, by results that stand before anything else there, and each
 * result belongs to a call of the turn before.
 */
function pairsRefusal(turns, i) {
  const { role, content } = turns[i];
  if (role === 'assistant') {
    const next = turns[i + 1].content;
    const end = next.findIndex(({ type }) => type !== 'tool_result');
    const answered = next.slice(0, end < 0 ? next.length : end).map((block) => block.tool_use_id);
    const open = content.filter(({ type, id }) => type === 'tool_use' && !answered.includes(id)).map(({ id }) => id);
    return open.length === 0 ? null : `messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
      `${open.join(', ')}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
  }
  const called = (turns[i - 1]?.content ?? []).filter(({ type }) => type === 'tool_use').map(({ id }) => id);
  const seen = new Set();
  return firstOf(content, ({ type, tool_use_id: id }, j) => {
    if (type !== 'tool_result') return null;
    if (!called.includes(id)) return `messages.${i}.content.${j}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. ` +
      'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.';
    if (seen.has(id)) return `messages.${i}.content.${j}: each tool_use must have a single result. Found multiple ` +
      `\`tool_result\` blocks with id: ${id}`;
    seen.add(id);
    return null;
  });
}

function repeatedCall(turns) {
  const seen = new Set();
  return firstOf(turns, ({ content }, i) => firstOf(content, (block, j) => {
    if (block.type !== 'tool_use') return null;
    if (seen.has(block.id)) return `messages.${i}.content.${j}: \`tool_use\` ids must be unique`;
    seen.add(block.id);
    return null;
  }));
}

/** A thinking block comes back as it was given, or with its text left out. */
function thinkingRefusal(turns, setting) {
  const isThinking = ({ type }) => type === 'thinking' || type === 'redacted_thinking';
  const latest = turns.findLastIndex(({ role }) => role === 'assistant');
  return firstOf(turns, ({ role, content }, i) => {
    if (role !== 'assistant') return null;
    const where = `messages.${i}.content`;
    if (content.some(isThinking) && !isThinking(content[0]))
      return `${where}.0: If an assistant message contains any thinking blocks, the first block must be \`thinking\` or ` +
        `\`redacted_thinking\`. Found \`${content[0].type}\`.`;
    const endsInCalls = i === latest && content.some(({ type }) => type === 'tool_use');
    if (setting?.type === 'enabled' && endsInCalls && !isThinking(content[0]))
      return `${where}.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${content[0].type}\`. When \`thinking\` is ` +
        'enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).';
    return firstOf(content, (block, j) => {
      if (block.type !== 'thinking' || isOurs(block)) return null;
      return i === latest && block.signature ? `${where}.${j}: \`thinking\` or \`redacted_thinking\` blocks in the latest assistant message ` +
        'cannot be modified. These blocks must remain as they were in the original response.'
        : `${where}.${j}: Invalid \`signature\` in \`thinking\` block`;
    });
  });
}

function isOurs({ thinking, signature }) {
  if (thinking !== '') return signature === sign(thinking);
  return /^scripted:[0-9a-f]{64}$/.test(Buffer.from(signature ?? '', 'base64').toString());
}

function imagesRefusal(turns) {
  const found = turns.flatMap(({ content }, i) => content.flatMap((block, j) =>
    imagesIn(block, `messages.${i}.content.${j}`)));
  const [maxSide, occasion] = found.length > MANY_IMAGES ? [MAX_SIDE_OF_MANY, ' for many-image requests'] : [MAX_IMAGE_SIDE, ''];
  return firstOf(found, ({ source, where }) => {
    if (source.type !== 'base64') return null;
    const place = `${where}.image.source.base64`;
    if (source.data.length > MAX_IMAGE_BASE64)
      return `${place}: image exceeds 5 MB maximum: ${source.data.length} bytes > ${MAX_IMAGE_BASE64} bytes`;
    const image = Buffer.from(source.data, 'base64');
    const type = mediaTypeOf(image);
    if (!type) return `${where}.image.source: Could not process image`;
    if (type !== source.media_type)
      return `${place}: The image was specified using the ${source.media_type} media type, but the image appears to be a ${type} image`;
    return longerSide(image, type) > maxSide
      ? `${place}.data: At least one of the image dimensions exceed max allowed size${occasion}: ${maxSide} pixels` : null;
  });
}

function imagesIn(block, where) {
  if (block.type === 'image') return [{ source: block.source, where }];
  if (block.type !== 'tool_result' || !Array.isArray(block.content)) return [];
  return block.content.flatMap((part, k) => imagesIn(part, `${where}.tool_result.content.${k}`));
}

function mediaTypeOf(image) {
  const text = image.toString('latin1', 0, 12);
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (text.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(text)) return 'image/gif';
  return /^RIFF....WEBP/s.test(text) ? 'image/webp' : null;
}

/** Of a PNG, and of a GIF; the size of the others is not looked at. */
function longerSide(image, type) {
  if (type === 'image/png' && image.length >= 24) return Math.max(image.readUInt32BE(16), image.readUInt32BE(20));
  if (type === 'image/gif' && image.length >= 10) return Math.max(image.readUInt16LE(6), image.readUInt16LE(8));
  return 0;
}

/** Index of the first \uD800..\uDFFF escape without its partner, or null. */
function loneSurrogate(raw) {
  const escapes = /\\(?:u([0-9a-fA-F]{4})|[^u])/g;
  let high = null; // index just past a high surrogate that waits for its low half
  let highAt = 0;
  for (let m = escapes.exec(raw); m; m = escapes.exec(raw)) {
    const unit = m[1] ? parseInt(m[1], 16) : 0;
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (high !== null && !(isLow && m.index === high)) return highAt;
    if (high === null && isLow) return m.index;
    const isHigh = unit >= 0xd800 && unit <= 0xdbff;
    high = isHigh ? escapes.lastIndex : null;
    highAt = m.index;
  }
  return high === null ? null : highAt;
}

function firstOf(list, check) {
  for (const [i, item] of list.entries()) {
    const found = check(item, i);
    if (found) return found;
  }
  return null;
}
