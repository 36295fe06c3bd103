import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidRequestError } from '../common/errors/request.errors.js';
import { UnsupportedCheckpointError } from '../formats/format.errors.js';
import { ChatTemplate, type TemplateSources } from './chat-template.js';
import {
  type ChatMessage,
  ChatTokenizer,
  type EncodeChatOptions,
  type EncodeOptions,
  type TokenizedChat,
  type TokenizedText,
} from './chat-tokenizer.js';
import { FastTokenizer } from './fast-tokenizer.js';
import { type Rendering, sharedRenderer, type TemplateInput, type TextSpan } from './jinja/jinja-renderer.js';
import { TemplateError } from './jinja/jinja.errors.js';
import { tokenMask } from './token-mask.js';

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

  /**
   * `what` names the model in errors. The chat template is read but not compiled, see checkTemplate().
   * @throws UnsupportedCheckpointError when a file is missing or malformed.
   */
  static async load(folder: string, what: string, renderer = sharedRenderer()): Promise<HfChatTokenizer> {
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
      const sources = await templateSources(folder, config, what);
      const ends = endTokens.map((id) => tokenizer.tokenOf(id)).filter((text) => text !== null);
      const special = specialTexts(definition);
      const template = sources && new ChatTemplate(sources, { named: tokens, ends, special }, renderer);
      return new HfChatTokenizer(what, tokenizer, template, endTokens);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `${what} cannot be loaded: its tokenizer is not supported: ${reason}`;
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

  override async checkTemplate(): Promise<void> {
    try {
      await this.template?.compile();
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      const message = `${this.what} cannot be loaded: its chat template is not valid: ${error.message}`;
      throw new UnsupportedCheckpointError(message, {}, { cause: error });
    }
  }

  async encodeChat(messages: readonly ChatMessage[], options: EncodeChatOptions = {}): Promise<TokenizedChat> {
    const { addGenerationPrompt = false, field = 'messages' } = options;
    const template = this.checkMessages(messages, field);
    const input = { messages, addGenerationPrompt };
    const rendering = await this.render(template, input, field);
    const encoded = await this.encodeWithOffsets(rendering.text, { addSpecialTokens: false, field });
    // A prompt for the next answer is no training data: nobody needs to know who wrote what.
    if (addGenerationPrompt || options.assistantMask === false) {
      return { tokens: encoded.tokens, assistant: new Uint8Array(encoded.tokens.length) };
    }
    const spans = await this.answersIn(template, input, rendering, field);
    return { tokens: encoded.tokens, assistant: tokenMask(spans, encoded) };
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

  private async render(template: ChatTemplate, input: TemplateInput, field: string): Promise<Rendering> {
    try {
      return await template.render(input);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new InvalidRequestError(`The chat template of ${this.what} refuses ${field}: ${error.message}`, {
        field,
        remedy: 'Change the order or the roles of the messages.',
      });
    }
  }

  private async answersIn(
    template: ChatTemplate,
    input: TemplateInput,
    rendering: Rendering,
    field: string,
  ): Promise<readonly TextSpan[]> {
    const spans = await template.assistantSpans(input, rendering);
    if (spans) return spans;
    throw new InvalidRequestError(
      `${this.what} has a chat template that does not tell where the assistant's answers in ${field} are.`,
      {
        field,
        remedy: 'Send the tokens with weights of your own, or mark the answers in the template with {% generation %}.',
      },
    );
  }
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

/** Texts of the tokens that no text is made of: <|im_start|>, ... */
function specialTexts(definition: Json): string[] {
  const added: unknown[] = Array.isArray(definition['added_tokens']) ? definition['added_tokens'] : [];
  return added.flatMap((token) => {
    if (typeof token !== 'object' || token === null || !('content' in token) || !('special' in token)) return [];
    return token.special === true && typeof token.content === 'string' ? [token.content] : [];
  });
}

/** The template's text, from where the versions of transformers have put it; null when there is none. */
async function templateSources(folder: string, config: Json, what: string): Promise<TemplateSources | null> {
  const file = await readText(folder, 'chat_template.jinja', what);
  if (file !== null) return { main: file, toolUse: null };
  const stated = config['chat_template'] ?? (await readJson(folder, 'chat_template.json', what))?.['chat_template'];
  if (typeof stated === 'string') return { main: stated, toolUse: null };
  const named: unknown[] = Array.isArray(stated) ? stated : [];
  const sourceOf = (name: string): string | null => {
    const found = named.find((entry) => typeof entry === 'object' && entry !== null && 'name' in entry && entry.name === name); // prettier-ignore
    const { template } = (found ?? {}) as { template?: unknown };
    return typeof template === 'string' ? template : null;
  };
  const main = sourceOf('default');
  return main === null ? null : { main, toolUse: sourceOf('tool_use') };
}
