import { routes, type Schemas } from './api.js';
import { type Prompt } from './prompt.js';

/** A prompt that an adapter has been asked, or was validated on. */
export interface KnownPrompt {
  readonly label: string;
  readonly prompt: Pick<Prompt, 'system' | 'turns' | 'message'>;
}

type Message = Schemas['ChatMessageDto'];

const MAX_CAPTURES = 20;
const MAX_JOBS = 100;
const MAX_ROWS = 20;
/** Rows are read from the beginning of a validation file, however large it is. */
const HEAD_BYTES = 65_536;
const MAX_LABEL = 60;

/** Of conversations alone: other prompts are not written with a chat template. */
export async function knownPrompts(adapter: string, signal: AbortSignal): Promise<KnownPrompt[]> {
  const [captured, validated] = await Promise.all([
    capturedConversations(adapter, signal),
    validationConversations(adapter, signal),
  ]);
  return [
    ...captured.flatMap((one) => toPrompts('Captured', one)),
    ...validated.flatMap((one) => toPrompts('Validation', one)),
  ];
}

async function capturedConversations(adapter: string, signal: AbortSignal): Promise<unknown[]> {
  const params = { query: { model: adapter, limit: MAX_CAPTURES } };
  const { data } = await routes.GET('/v1/captures', { params, signal });
  return (data?.captures ?? []).map(({ messages }) => messages);
}

/** From the validation file of the job that has made the adapter, if there was one and it still is there as JSONL. */
async function validationConversations(adapter: string, signal: AbortSignal): Promise<unknown[]> {
  const { data: jobs } = await routes.GET('/v1/fine_tuning/jobs', { params: { query: { limit: MAX_JOBS } }, signal });
  const file = jobs?.data.find((job) => job.fine_tuned_model === adapter)?.validation_file;
  if (!file) return [];
  const text = await headOf(file, signal).catch(() => '');
  // The last line may be cut off.
  const lines = text.split('\n').slice(0, MAX_ROWS);
  return lines.flatMap((line) => {
    try {
      const row = JSON.parse(line) as { messages?: unknown; input?: { messages?: unknown } };
      return [row.messages ?? row.input?.messages];
    } catch {
      return [];
    }
  });
}

async function headOf(file: string, signal: AbortSignal): Promise<string> {
  const params = { path: { file_id: file } };
  const { data } = await routes.GET('/v1/files/{file_id}/content', { params, signal, parseAs: 'stream' });
  const reader = (data as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = '';
  while (text.length < HEAD_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text;
}

/** The last question of a conversation with what was said before; nothing where no user asks. */
function toPrompts(source: string, conversation: unknown): KnownPrompt[] {
  if (!Array.isArray(conversation)) return [];
  const messages = conversation as readonly Message[];
  const last = messages.findLastIndex(({ role }) => role === 'user');
  const message = textOf(messages[last]);
  if (message === '') return [];
  const [first, ...rest] = messages.slice(0, last);
  const system = first?.role === 'system' ? textOf(first) : '';
  const turns = first === undefined || system !== '' ? rest : [first, ...rest];
  const text = message.length > MAX_LABEL ? `${message.slice(0, MAX_LABEL)}…` : message;
  return [{ label: `${source}: ${text}`, prompt: { system, turns, message } }];
}

/** Parts are texts as well: models here read nothing else. */
function textOf(message: Message | undefined): string {
  const content = message?.content ?? '';
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('');
}
