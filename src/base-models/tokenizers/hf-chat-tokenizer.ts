import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { UnsupportedCheckpointError } from '../../formats/format.errors.js';
import { type Vocabulary } from '../../grammars/vocabulary.js';
import { ChatTemplate, type TemplateSources, type ToolUse } from '../chat-templates/chat-template.js';
import {
  ChatTokenizer,
  type EncodeChatOptions,
  type EncodeOptions,
  type TokenizedChat,
  type TokenizedText,
} from './chat-tokenizer.js';
import { type Conversation } from '../chat-templates/conversation.js';
import { FastTokenizer } from './fast-tokenizer.js';
import {
  type Rendering,
  sharedRenderer,
  type TemplateInput,
  type TextSpan,
} from '../chat-templates/jinja/jinja-renderer.js';
import { TemplateError } from '../chat-templates/jinja/jinja.errors.js';
import { definitionFor } from './rebuilt-tokenizer.js';
import { addedTokensOf, readSpecialTokens, tokenOf } from './special-tokens.js';
import { templateMessages } from '../chat-templates/template-messages.js';
import { tokenMask } from '../chat-templates/token-mask.js';
import { refuseOtherSettings, tokenizerClassOf } from './tokenizer-class.js';
import { readChatTemplates, readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.js';

/**
 * A Hugging Face tokenizer folder, read with the precedence of transformers 5.24: the same ids, the same special tokens,
 * the same chat template. End tokens are those of generation_config.json.
 */
export class HfChatTokenizer extends ChatTokenizer {
  readonly endTokens: readonly number[];
  readonly vocabSize: number;
  readonly specialTokens: ReadonlyMap<string, number>;

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
    this.specialTokens = tokenizer.specialTokens;
  }

  /**
   * `what` names the model in errors. The chat template is read but not compiled, see checkTemplate().
   * @throws UnsupportedCheckpointError when a file is missing or malformed.
   */
  static async load(folder: string, what: string, renderer = sharedRenderer()): Promise<HfChatTokenizer> {
    const files = await readTokenizerFiles(folder, what);
    const templates = await readChatTemplates(folder, files.config, what);
    try {
      refuseOtherSettings(files);
      const kind = tokenizerClassOf(files);
      const definition = definitionFor(kind, files);
      const { named, added } = readSpecialTokens(files, kind, addedTokensOf(definition).map(tokenOf));
      const tokenizer = new FastTokenizer(definition, added);
      const endTokens = endTokensOf(tokenizer, files, named);
      const ends = endTokens.map((id) => tokenizer.tokenOf(id)).filter((text) => text !== null);
      const texts = { named, ends, special: [...tokenizer.specialTokens.keys()] };
      const sources = templateSources(templates);
      const template = sources && new ChatTemplate(sources, texts, renderer);
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

  isByte(token: number): boolean {
    return this.tokenizer.isByte(token);
  }

  override get spellsTokens(): boolean {
    return this.tokenizer.spellsTokens;
  }

  override vocabulary(shown: readonly number[]): Vocabulary {
    return this.tokenizer.vocabulary(shown);
  }

  override bytesOf(token: number): Uint8Array | null {
    return this.tokenizer.bytesOf(token);
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

  override async toolUse(): Promise<ToolUse> {
    return (await this.template?.toolUse()) ?? 'ignored';
  }

  async encodeChat(conversation: Conversation, options: EncodeChatOptions = {}): Promise<TokenizedChat> {
    const { addGenerationPrompt = false, continueFinalMessage = false, field = 'messages', maxTokens } = options;
    const template = this.templateFor(conversation, field);
    const messages = await templateMessages(conversation.messages, template, field);
    const { tools, templateVariables: variables } = conversation;
    const input = { messages, tools, variables, addGenerationPrompt, continueFinalMessage };
    const rendering = await this.render(template, input, field);
    const encoded = await this.encodeWithOffsets(rendering.text, { addSpecialTokens: false, field, maxTokens });
    const { tokens } = encoded;
    // A prompt for the next answer is not training data: nobody needs to know who wrote what.
    if (addGenerationPrompt || continueFinalMessage || options.assistantMask === false) {
      return { tokens, assistant: new Int32Array(tokens.length), answers: 0 };
    }
    const spans = await this.answersIn(template, input, rendering, field);
    return { tokens, assistant: tokenMask(spans, encoded), answers: spans.length };
  }

  private templateFor({ messages }: Conversation, field: string): ChatTemplate {
    if (!this.template) {
      throw new InvalidRequestError(`${this.what} has no chat template, so it does not support conversations.`, {
        field,
        remedy: 'Send tokens (or a prompt) instead.',
      });
    }
    if (messages.length > 0) return this.template;
    throw new InvalidRequestError(`${field} is empty.`, { field, remedy: 'Pass at least one message.' });
  }

  private async render(template: ChatTemplate, input: TemplateInput, field: string): Promise<Rendering> {
    try {
      return await template.render(input);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      throw new InvalidRequestError(`The chat template of ${this.what} rejects ${field}: ${error.message}`, {
        field,
        remedy: 'Change the messages, tools or chat_template_kwargs.',
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
      `${this.what} has a chat template that does not show where the assistant's answers in ${field} are.`,
      {
        field,
        remedy: 'Send tokens with explicit weights, or mark the answers in the template with {% generation %}.',
      },
    );
  }
}

/** Those of generation_config.json, else of config.json, and the tokenizer's own. */
function endTokensOf(
  tokenizer: FastTokenizer,
  { generation, model }: TokenizerFiles,
  named: Readonly<Record<string, string>>,
): number[] {
  const stated = generation?.['eos_token_id'] ?? model['eos_token_id'];
  const ids = [stated].flat().filter((id) => typeof id === 'number');
  const eos = named['eos_token'] === undefined ? null : tokenizer.idOf(named['eos_token']);
  return [...new Set(eos === null ? ids : [...ids, eos])];
}

/** null: there is none for conversations as such. */
function templateSources(templates: ReadonlyMap<string, string>): TemplateSources | null {
  const main = templates.get('default');
  return main === undefined ? null : { main, toolUse: templates.get('tool_use') ?? null };
}
