import { describe, invalid, isGiven, readArray, readObject } from '../../../../common/json/json-fields.js';
import { contentOf, readBlocks, readTextBlocks } from './blocks.reader.js';
import { matchToolResults } from './tool-results.js';
import { ROLES, type ToolUseBlock, type Turn } from './turn.js';

const MESSAGES_FORM = 'Messages are a list of {"role": "user", "content": "..."}.';

/** A conversation as chat templates know it: that of OpenAI's chat API. */
export interface ReadConversation {
  readonly messages: object[];
  /** Whether the last message is the beginning of the answer. */
  readonly continuesAnswer: boolean;
  /** Whether the assistant has called tools. */
  readonly hasToolCalls: boolean;
}

/**
 * Anthropic's `messages` and `system`, by the rules of its API: consecutive messages of one role are one turn, and each
 * tool_use is answered by the next turn. @throws InvalidRequestError
 */
export function readConversation(messages: unknown, system: unknown): ReadConversation {
  const turns = readTurns(messages);
  checkOrder(turns);
  const names = matchToolResults(turns);
  const opening = isGiven(system) ? readTextBlocks(system, 'system') : [];
  return {
    messages: [
      ...(opening.length > 0 ? [{ role: 'system', content: contentOf(opening) }] : []),
      ...turns.flatMap((turn) => toChatMessages(turn, names)),
    ],
    continuesAnswer: turns.at(-1)?.role === 'assistant',
    hasToolCalls: names.size > 0,
  };
}

function readTurns(messages: unknown): Turn[] {
  const turns: Turn[] = [];
  const list = readArray(messages, 'messages', MESSAGES_FORM);
  list.forEach((entry, i) => {
    const field = `messages[${i}]`;
    const message = readObject(entry, field, MESSAGES_FORM);
    const role = ROLES.find((one) => one === message['role']);
    if (role === undefined) {
      throw invalid(`${field}.role`, `is ${describe(message['role'])}.`, 'Use user or assistant; system is a field.');
    }
    const blocks = readBlocks(message['content'], role, `${field}.content`);
    const isOpenAnswer = role === 'assistant' && i === list.length - 1;
    if (blocks.length === 0 && !isOpenAnswer) {
      throw invalid(`${field}.content`, 'is empty.', 'Only a last message of the assistant may be empty.');
    }
    const last = turns.at(-1);
    if (last?.role === role) turns[turns.length - 1] = { ...last, blocks: [...last.blocks, ...blocks] };
    else if (blocks.length > 0) turns.push({ role, blocks });
  });
  return turns;
}

function checkOrder(turns: readonly Turn[]): void {
  const first = turns.find(({ role }) => role !== 'system');
  if (first?.role !== 'user') throw invalid('messages', 'do not begin with the user.', MESSAGES_FORM);
  const last = turns.at(-1)?.blocks.at(-1);
  if (turns.at(-1)?.role !== 'assistant' || last?.type !== 'text' || !/\s$/.test(last.text)) return;
  const remedy = 'Remove it: the answer goes on behind this text, and begins with the space itself.';
  throw invalid(last.field, 'ends in white space, in the last message of the assistant.', remedy);
}

/** `names`: of the tools, by the ids of their calls. */
function toChatMessages({ role, blocks }: Turn, names: ReadonlyMap<string, string>): object[] {
  const texts = blocks.filter((block) => block.type === 'text');
  const calls = blocks.filter((block) => block.type === 'tool_use');
  const results = blocks.filter((block) => block.type === 'tool_result');
  const said =
    calls.length > 0
      ? [{ role, content: texts.length > 0 ? contentOf(texts) : null, tool_calls: calls.map(toToolCall) }]
      : texts.length > 0
        ? [{ role, content: contentOf(texts) }]
        : [];
  return [
    ...results.map(({ id, content }) => ({
      role: 'tool',
      tool_call_id: id,
      name: names.get(id),
      content: contentOf(content),
    })),
    ...said,
  ];
}

function toToolCall({ id, name, input }: ToolUseBlock): object {
  return { id, type: 'function', function: { name, arguments: input } };
}
