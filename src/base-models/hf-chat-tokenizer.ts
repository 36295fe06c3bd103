import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidRequestError } from '../common/errors/request.errors.js';
import { UnsupportedCheckpointError } from '../formats/format.errors.js';
import { ChatTemplate, type TextSpan } from './chat-template.js';
import {
  type ChatMessage,
  ChatTokenizer,
  type EncodeChatOptions,
  type EncodeOptions,
  type TokenizedChat,
  type TokenizedText,
} from './chat-tokenizer.js';
import { FastTokenizer } from './fast-tokenizer.js';

type Json = Readonly<Record<string, unknown>>;

/** Roles that chat templates know; whether a model has a system or tool role is for its template to say. */
const ROLES = ['system', 'user', 'assistant', 'tool'];

/**
 * A Hugging Face tokenizer folder: tokenizer.json, tokenizer_config.json, the chat template (chat_template.jinja, or in
 * the configuration), end tokens of generation_config.json. Ids agree with transformers.
 */
export class HfChatTokenizer extends ChatTokenizer {
  readonly endTokens: readonly number[];
  readonly vocabSize: number;

  private constructor(
    private readonly what: string,
    private readonly tokenizer: FastTokenizer,
    /** null: the model has none. */
    private readonly template: ChatTemplate | null,
    endTokens: readonly number[],
  ) {
    super();
    this.endTokens = endTokens;
    this.vocabSize = tokenizer.vocabSize;
  }

  /** `what` names the model in errors. @throws UnsupportedCheckpointError when a file is missing or malformed. */
  static async load(folder: string, what: string): Promise<HfChatTokenizer> {
    const definition = await readJson(folder, 'tokenizer.json', what);
    if (!definition) {
      throw new UnsupportedCheckpointError(`${what} cannot be loaded: its folder has no tokenizer.json.`, {
        remedy: 'Write it once with transformers: AutoTokenizer.from_pretrained(x).save_pretrained(y).',
      });
    }
    const config = (await readJson(folder, 'tokenizer_config.json', what)) ?? {};
    const generation = await readJson(folder, 'generation_config.json', what);
    const eosIds = generation?.['eos_token_id'] ?? (await readJson(folder, 'config.json', what))?.['eos_token_id'];
    try {
      const tokenizer = new FastTokenizer(definition);
      const tokens = specialTokens(config);
      const endTokens = endTokensOf(tokenizer, eosIds, tokens);
      const source = await templateSource(folder, config, what);
      const endTexts = endTokens.map((id) => tokenizer.tokenOf(id)).filter((text) => text !== null);
      const template = source === null ? null : new ChatTemplate(source, tokens, endTexts);
      return new HfChatTokenizer(what, tokenizer, template, endTokens);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `${what} cannot be loaded: its tokenizer or chat template is not supported: ${reason}`;
      throw new UnsupportedCheckpointError(message, {}, { cause: error });
    }
  }

  encode(text: string, options: EncodeOptions = {}): Promise<Int32Array> {
    return this.tokenizer.encode(text, options);
  }

  encodeWithOffsets(text: string, options: EncodeOptions = {}): Promise<TokenizedText> {
    return this.tokenizer.encodeWithOffsets(text, options);
  }

  // Spaces are not cleaned up, which would change what the model wrote: decoding is the inverse of encoding.
  decode(tokens: ArrayLike<number>, options: { skipSpecialTokens?: boolean } = {}): Promise<string> {
    return this.tokenizer.decode(tokens, options.skipSpecialTokens ?? false);
  }

  async encodeChat(messages: readonly ChatMessage[], options: EncodeChatOptions = {}): Promise<TokenizedChat> {
    const { addGenerationPrompt = false, field = 'messages' } = options;
    const template = this.checkMessages(messages, field);
    const text = this.render(template, messages, addGenerationPrompt, field);
    // A prompt for the next answer is no training data: nobody needs to know who wrote what.
    if (addGenerationPrompt) {
      const tokens = await this.encode(text, { addSpecialTokens: false, field });
      return { tokens, assistant: new Uint8Array(tokens.length) };
    }
    const spans = template.assistantSpans(messages, text);
    if (spans === null) {
      throw new InvalidRequestError(
        `${this.what} has a chat template that does not tell where the assistant's answers in ${field} are.`,
        { field, remedy: 'Send the tokens with weights of your own instead of a conversation.' },
      );
    }
    const encoded = await this.encodeWithOffsets(text, { addSpecialTokens: false, field });
    return { tokens: encoded.tokens, assistant: maskOf(spans, encoded) };
  }

  private checkMessages(messages: readonly ChatMessage[], field: string): ChatTemplate {
    if (!this.template) {
      throw new InvalidRequestError(`${this.what} has no chat template, so it cannot take conversations.`, {
        field,
        remedy: 'Send tokens (or a prompt) instead.',
      });
    }
    if (messages.length === 0) {
      throw new InvalidRequestError(`${field} is empty.`, { field, remedy: 'Give at least one message.' });
    }
    for (const [i, { role, content }] of messages.entries()) {
      if (!ROLES.includes(role)) {
        const remedy = `Use one of ${ROLES.join(', ')}.`;
        throw new InvalidRequestError(`${field}[${i}].role is ${JSON.stringify(role)}. ${remedy}`, {
          field: `${field}[${i}].role`,
          remedy,
        });
      }
      if (typeof content !== 'string') {
        throw new InvalidRequestError(`${field}[${i}].content is not a string.`, { field: `${field}[${i}].content` });
      }
    }
    return this.template;
  }

  private render(
    template: ChatTemplate,
    messages: readonly ChatMessage[],
    addGenerationPrompt: boolean,
    field: string,
  ): string {
    try {
      return template.render(messages, addGenerationPrompt);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new InvalidRequestError(`The chat template of ${this.what} refuses ${field}: ${reason}`, {
        field,
        remedy: 'Change the order or the roles of the messages.',
      });
    }
  }
}

/** 1 for every token that holds a character of a span. The spans are in the order of the text. */
function maskOf(spans: readonly TextSpan[], { tokens, offsets }: TokenizedText): Uint8Array {
  const mask = new Uint8Array(tokens.length);
  const startOf = (token: number) => offsets[2 * token] ?? 0;
  const endOf = (token: number) => offsets[2 * token + 1] ?? 0;
  let token = 0;
  for (const { start, end } of spans) {
    while (token < tokens.length && endOf(token) <= start) token++;
    while (token < tokens.length && startOf(token) < end) mask[token++] = 1;
    // A token that reaches beyond this span may hold the beginning of the next.
    if (token > 0) token--;
  }
  return mask;
}

async function readText(folder: string, name: string, what: string): Promise<string | null> {
  try {
    return await readFile(join(folder, name), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new UnsupportedCheckpointError(`${what} cannot be loaded: its ${name} cannot be read.`, {}, { cause: error });
  }
}

async function readJson(folder: string, name: string, what: string): Promise<Json | null> {
  const text = await readText(folder, name, what);
  if (text === null) return null;
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new UnsupportedCheckpointError(`${what} cannot be loaded: its ${name} is not JSON.`, {}, { cause: error });
  }
}

/** bos_token, eos_token, ...: stated as text or as a description of the token. */
function specialTokens(config: Json): Record<string, string> {
  const tokens: Record<string, string> = {};
  for (const [key, value] of Object.entries(config)) {
    if (!key.endsWith('_token')) continue;
    const text: unknown = typeof value === 'object' && value !== null && 'content' in value ? value.content : value;
    if (typeof text === 'string') tokens[key] = text;
  }
  return tokens;
}

function endTokensOf(tokenizer: FastTokenizer, eosIds: unknown, tokens: Readonly<Record<string, string>>): number[] {
  const ids = [eosIds].flat().filter((id) => typeof id === 'number');
  const eos = tokens['eos_token'] === undefined ? null : tokenizer.idOf(tokens['eos_token']);
  return [...new Set(eos === null ? ids : [...ids, eos])];
}

/** The template's text, from where the versions of transformers have put it; null when there is none. */
async function templateSource(folder: string, config: Json, what: string): Promise<string | null> {
  const file = await readText(folder, 'chat_template.jinja', what);
  if (file !== null) return file;
  const stated = config['chat_template'] ?? (await readJson(folder, 'chat_template.json', what))?.['chat_template'];
  if (typeof stated === 'string') return stated;
  const named: unknown[] = Array.isArray(stated) ? stated : [];
  for (const entry of named) {
    if (typeof entry !== 'object' || entry === null || !('name' in entry) || !('template' in entry)) continue;
    if (entry.name === 'default' && typeof entry.template === 'string') return entry.template;
  }
  return null;
}
