import { createReadStream, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CliError } from '../errors/cli.error.js';
import { type Schemas } from '../service/client.js';

export type ChatMessage = Schemas['ChatMessageDto'];

/** A chat that ends with an answer of the assistant. */
export interface Chat {
  readonly line: number;
  readonly messages: readonly ChatMessage[];
  readonly answer: string;
}

const REMEDY = 'Each line must be {"messages": [...]} that ends with an answer, or {"prompt": ..., "completion": ...}.';

/** The chats of a JSONL file; throws CliError with the number of the first line that is none. */
export async function readChats(file: string): Promise<Chat[]> {
  if (!existsSync(file)) throw new CliError(`${file} does not exist.`);
  const chats: Chat[] = [];
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Infinity })) {
    line++;
    if (text.trim() !== '') chats.push({ line, ...readChat(text, `${file}:${line}`) });
  }
  if (chats.length === 0) throw new CliError(`${file} contains no chats. ${REMEDY}`);
  return chats;
}

function readChat(text: string, where: string): Omit<Chat, 'line'> {
  const row = parse(text, where);
  const messages = messagesOf(row);
  const last = messages?.at(-1);
  if (messages === undefined || last?.role !== 'assistant' || typeof last.content !== 'string') {
    throw new CliError(`${where} is not a chat with an answer in text. ${REMEDY}`);
  }
  return { messages, answer: last.content };
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(`${where} is not JSON: ${(error as Error).message}`, undefined, { cause: error });
  }
}

function messagesOf(row: unknown): ChatMessage[] | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const { messages, prompt, completion } = row as Record<string, unknown>;
  if (Array.isArray(messages)) return messages as ChatMessage[];
  if (typeof prompt !== 'string' || typeof completion !== 'string') return undefined;
  return [
    { role: 'user', content: prompt },
    { role: 'assistant', content: completion },
  ];
}
