import {
  describe,
  invalid,
  isGiven,
  type JsonObject,
  readArray,
  readObject,
  readString,
  refuseUnknownFields,
} from '../../common/json/json-fields.js';
import { type ChatMessage, type TextPart } from './conversation.js';

const MESSAGES_FORM = 'A conversation is a list of {"role": "user", "content": "..."} messages.';
const CONTENT_FORM = 'Pass a string, or a list of {"type": "text", "text": "..."} parts.';
const CALLS_FORM = 'A tool call is {"type": "function", "function": {"name": "...", "arguments": {...}}}.';
const TOOLS_FORM = 'A tool is {"type": "function", "function": {"name": "...", "parameters": {...}}}.';

/** Of one request; more would not fit into a prompt. */
const MAX_TOOLS = 1024;

/** What a message may say, beside what OpenAI's answers carry and leave empty. */
const MESSAGE_FIELDS = [
  'role',
  'content',
  'name',
  'weight',
  'tool_calls',
  'tool_call_id',
  'reasoning_content',
  'reasoning',
  'thinking',
];
const EMPTY_FIELDS = ['refusal', 'audio', 'function_call', 'annotations'];

/** Variables that a request sets by fields of its own, or the server by itself. */
const RESERVED_VARIABLES = ['messages', 'tools', 'add_generation_prompt', 'continue_final_message', 'chat_template'];

/** Messages as they were sent, and how much each counts in training; null where the message does not say. */
export interface ReadMessages {
  readonly messages: readonly ChatMessage[];
  readonly weights: readonly (number | null)[];
}

/**
 * The messages of one conversation, in the form of OpenAI's chat API.
 * `maxMessages`: the model's context, since every message takes at least one token.
 */
export function readMessages(value: unknown, field: string, maxMessages: number): ReadMessages {
  const list = readArray(value, field, MESSAGES_FORM);
  if (list.length === 0) throw invalid(field, 'is empty.', 'Pass at least one message.');
  if (list.length > maxMessages) {
    throw invalid(field, `has ${list.length} messages.`, `The context length of the model is ${maxMessages} tokens.`);
  }
  const messages = list.map((entry, i) => readMessage(entry, `${field}[${i}]`));
  const weights = list.map((entry, i) => readWeight((entry as JsonObject)['weight'], `${field}[${i}].weight`));
  return { messages, weights };
}

/** Functions that the model may call. */
export function readTools(value: unknown, field: string): readonly object[] | undefined {
  if (!isGiven(value)) return undefined;
  const tools = readArray(value, field, TOOLS_FORM);
  if (tools.length > MAX_TOOLS) throw invalid(field, `has ${tools.length} entries.`, `Pass at most ${MAX_TOOLS}.`);
  return tools.map((tool, i) => readObject(tool, `${field}[${i}]`, TOOLS_FORM));
}

/** `chat_template_kwargs`: variables of the template. */
export function readTemplateVariables(value: unknown, field: string): JsonObject | undefined {
  if (!isGiven(value)) return undefined;
  const variables = readObject(value, field, 'Pass {"name": value}, such as {"enable_thinking": false}.');
  const reserved = RESERVED_VARIABLES.find((name) => Object.hasOwn(variables, name));
  if (reserved === undefined) return variables;
  throw invalid(`${field}.${reserved}`, 'cannot be set here.', 'The request has a separate field for it.');
}

function readMessage(entry: unknown, field: string): ChatMessage {
  const message = readObject(entry, field, MESSAGES_FORM);
  refuseUnknownFields(message, [...MESSAGE_FIELDS, ...EMPTY_FIELDS], field);
  for (const name of EMPTY_FIELDS) refuseFilled(message[name], `${field}.${name}`);
  const { role, content, weight: _, tool_calls: calls, ...rest } = message;
  const given = Object.entries(rest).filter(([name, value]) => isGiven(value) && !EMPTY_FIELDS.includes(name));
  const toolCalls = isGiven(calls) ? readToolCalls(calls, `${field}.tool_calls`) : undefined;
  return {
    role: readString(role, `${field}.role`, MESSAGES_FORM),
    content: readContent(content, `${field}.content`, toolCalls !== undefined),
    ...Object.fromEntries(
      given.map(([name, value]) => [name, readString(value, `${field}.${name}`, 'Pass a string.')]),
    ),
    ...(toolCalls ? { tool_calls: toolCalls } : {}),
  };
}

/** OpenAI's answers carry these fields empty; chat templates cannot express what they would say. */
function refuseFilled(value: unknown, field: string): void {
  if (!isGiven(value) || (Array.isArray(value) && value.length === 0)) return;
  throw invalid(field, 'is not supported.', 'Omit it; use tool_calls for function calls.');
}

function readContent(content: unknown, field: string, callsTools: boolean): ChatMessage['content'] {
  if (typeof content === 'string') return content;
  if (Array.isArray(content)) return content.map((part, i) => readPart(part, `${field}[${i}]`));
  if (!isGiven(content) && callsTools) return null;
  const remedy = isGiven(content) ? CONTENT_FORM : `${CONTENT_FORM} Only a message with tool_calls may omit it.`;
  throw invalid(field, `is ${describe(content)}.`, remedy);
}

function readPart(value: unknown, field: string): TextPart {
  const part = readObject(value, field, CONTENT_FORM);
  if (part['type'] !== 'text') {
    throw invalid(`${field}.type`, `is ${describe(part['type'])}.`, `Only text content is supported. ${CONTENT_FORM}`);
  }
  refuseUnknownFields(part, ['type', 'text'], field);
  return { type: 'text', text: readString(part['text'], `${field}.text`, CONTENT_FORM) };
}

function readToolCalls(value: unknown, field: string): readonly JsonObject[] {
  return readArray(value, field, CALLS_FORM).map((entry, i) => {
    const call = readObject(entry, `${field}[${i}]`, CALLS_FORM);
    const path = `${field}[${i}].function`;
    // Without the wrapper in some data sets, and templates know both.
    if (call['function'] === undefined) return withArguments(call, `${field}[${i}]`);
    return { ...call, function: withArguments(readObject(call['function'], path, CALLS_FORM), path) };
  });
}

/**
 * OpenAI's API writes a call's arguments as JSON text, chat templates expect the object: a text would be quoted twice.
 */
function withArguments(call: JsonObject, field: string): JsonObject {
  readString(call['name'], `${field}.name`, CALLS_FORM);
  const given = call['arguments'];
  if (typeof given !== 'string') return call;
  try {
    return { ...call, arguments: readObject(JSON.parse(given), `${field}.arguments`, CALLS_FORM) };
  } catch {
    throw invalid(`${field}.arguments`, 'is not a JSON object.', CALLS_FORM);
  }
}

function readWeight(value: unknown, field: string): number | null {
  if (!isGiven(value)) return null;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(field, `is ${describe(value)}.`, 'Pass a number; 0 excludes the message from training.');
}
