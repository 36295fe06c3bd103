import { type ChatMessage } from '../../base-models/chat-templates/conversation.js';
import { readMessages, readTools } from '../../base-models/chat-templates/conversation.reader.js';
import { describe, invalid, isGiven, type JsonObject } from '../../common/json/json-fields.js';

const ROLES = ['system', 'developer', 'user', 'assistant', 'tool'];
const ROLES_REMEDY = `Use one of ${ROLES.join(', ')}.`;
/** A context holds fewer: every message takes at least one token. */
const MAX_MESSAGES = 1_000_000;

/** Messages with their weights, where they have any. @throws InvalidRequestError */
export function readChat(value: unknown, field: string): ChatMessage[] {
  const { messages, weights } = readMessages(value, field, MAX_MESSAGES);
  return messages.map((message, i) => {
    const { role } = message;
    const weight = weights[i] ?? null;
    if (!ROLES.includes(role)) throw invalid(`${field}[${i}].role`, `is ${describe(role)}.`, ROLES_REMEDY);
    if (weight === null) return message;
    if (role !== 'assistant') {
      throw invalid(
        `${field}[${i}].weight`,
        `is given for a message of the ${role}.`,
        'Only the assistant has weights.',
      );
    }
    return { ...message, weight };
  });
}

/** Messages of which at least one is trained. @throws InvalidRequestError */
export function readTrainedChat(value: unknown, field: string): ChatMessage[] {
  const messages = readChat(value, field);
  const answers = messages.filter(({ role }) => role === 'assistant');
  if (answers.length === 0)
    throw invalid(field, 'has no message of the assistant.', 'Its messages are what is trained.');
  if (answers.every((message) => message['weight'] === 0)) {
    throw invalid(field, 'has weight 0 on every message of the assistant.', 'Leave at least one to be trained.');
  }
  return messages;
}

/** The `tools` of a row, to be spread into an example. @throws InvalidRequestError */
export function readToolsOf(row: JsonObject, field: string): { tools?: readonly object[] } {
  const tools = readTools(row['tools'], field);
  return isGiven(tools) && tools.length > 0 ? { tools } : {};
}

/** One better or worse continuation. @throws InvalidRequestError */
export function readContinuation(value: unknown, field: string): ChatMessage[] {
  const messages = readChat(value, field);
  const stranger = messages.findIndex(({ role }) => role !== 'assistant');
  if (messages.length === 1 && stranger < 0) return messages;
  const problem =
    stranger < 0 ? `has ${messages.length} messages.` : `has a message of the ${messages[stranger]?.role}.`;
  throw invalid(field, problem, 'A continuation is one message of the assistant.');
}

/** The conversation before two continuations. @throws InvalidRequestError */
export function readPromptChat(value: unknown, field: string): ChatMessage[] {
  const messages = readChat(value, field);
  if (messages.at(-1)?.role !== 'assistant') return messages;
  throw invalid(field, 'ends with a message of the assistant.', 'End with the message that is to be answered.');
}

export function refuseWeights(messages: readonly ChatMessage[], field: string): void {
  const i = messages.findIndex(({ weight }) => weight !== undefined);
  if (i >= 0) throw invalid(`${field}[${i}].weight`, 'is given.', 'Weights are not used with preferences.');
}
