// What the real Messages API refuses: checks of one request, so that a client that resumed a damaged
// history fails here as it would there. Only rules that a replayed conversation can break are held.
//
//     refusal(body, rawText) → null, or the message of the 400 answer

/** Returns the first reason to refuse the request, or null. `raw` is the text the body was read from. */
export function refusal(body, raw) {
  const surrogate = loneSurrogate(raw);
  if (surrogate !== null) return `The request body is not valid JSON: unpaired surrogate at char ${surrogate}`;
  if (!Array.isArray(body.messages) || body.messages.length === 0)
    return 'messages: at least one message is required';

  const badShape = firstOf(body.messages, shapeRefusal);
  if (badShape) return badShape;

  const turns = joinTurns(body.messages);
  if (turns[0].role !== 'user') return 'messages: first message must use the "user" role';
  if (turns.at(-1).role === 'assistant') return 'The conversation must end with a user message.';
  return firstOf(turns, blocksRefusal) ?? firstOf(turns, (turn, i) => pairsRefusal(turns, i)) ?? repeatedCall(turns);
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

function shapeRefusal(message, i) {
  if (!['user', 'assistant', 'system'].includes(message.role))
    return `messages.${i}.role: Input should be 'user' or 'assistant'`;
  if (typeof message.content !== 'string' && !Array.isArray(message.content))
    return `messages.${i}.content: Input should be a valid list`;
  return null;
}

function blocksRefusal(turn, i) {
  if (turn.content.length === 0) return `messages.${i}: all messages must have non-empty content`;
  return firstOf(turn.content, (block, j) => {
    const where = `messages.${i}.content.${j}`;
    switch (block.type) {
      case 'text':
        return block.text.trim() ? null : 'messages: text content blocks must be non-empty';
      case 'thinking':
        if (turn.role !== 'assistant') return `${where}: \`thinking\` blocks belong to assistant messages`;
        return block.signature ? null : `${where}: Invalid \`signature\` in \`thinking\` block`;
      case 'tool_use':
        if (turn.role !== 'assistant') return `${where}: \`tool_use\` blocks belong to assistant messages`;
        return block.input !== null && typeof block.input === 'object' ? null
          : `${where}.tool_use.input: Input should be a valid dictionary`;
      case 'tool_result': {
        if (turn.role !== 'user') return `${where}: \`tool_result\` blocks belong to user messages`;
        const empty = Array.isArray(block.content) && block.content.some((part) => part.type === 'text' && part.text === '');
        return empty ? 'messages: text content blocks must be non-empty' : null;
      }
      default:
        return null;
    }
  });
}

/** Each call is answered in the very next turn, and each answer belongs to a call in the very last one. */
function pairsRefusal(turns, i) {
  const { role, content } = turns[i];
  if (role === 'assistant') {
    const answered = (turns[i + 1]?.content ?? []).filter((b) => b.type === 'tool_result').map((b) => b.tool_use_id);
    const open = content.filter((b) => b.type === 'tool_use' && !answered.includes(b.id)).map((b) => b.id);
    return open.length ? `messages.${i}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}` : null;
  }
  const called = (turns[i - 1]?.content ?? []).filter((b) => b.type === 'tool_use').map((b) => b.id);
  const seen = new Set();
  for (const { type, tool_use_id: id } of content) {
    if (type !== 'tool_result') continue;
    if (!called.includes(id)) return `messages.${i}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}`;
    if (seen.has(id)) return `messages.${i}: each tool_use must have a single result: ${id}`;
    seen.add(id);
  }
  return null;
}

function repeatedCall(turns) {
  const seen = new Set();
  for (const block of turns.flatMap((turn) => turn.content)) {
    if (block.type !== 'tool_use') continue;
    if (seen.has(block.id)) return `messages: \`tool_use\` ids must be unique: ${block.id}`;
    seen.add(block.id);
  }
  return null;
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
