import { EndMarkers } from './answer-span.js';
import { assistantSpans, type RenderMessages } from './assistant-spans.js';
import { TemplateError } from './jinja/jinja.errors.js';
import { type JinjaRenderer, type Rendering, type TemplateInput, type TextSpan } from './jinja/jinja-renderer.js';
import { KnownTexts } from './jinja/known-texts.js';
import { PROBE_CALL, type ToolCallFormat } from '../tool-calls/tool-call-format.js';
import { formatOf } from '../tool-calls/tool-call-formats.js';
import { type TemplateTraits } from './template-messages.js';

/** A model's chat template as its files state it. */
export interface TemplateSources {
  readonly main: string;
  /** The template used instead of the main one when tools are given; null if there is only one. */
  readonly toolUse: string | null;
}

/** Special tokens as chat templates and their readers need them. */
export interface TemplateTokens {
  /** By name (bos_token, ...), variables of the template. */
  readonly named: Readonly<Record<string, unknown>>;
  /** Texts of the tokens that end an answer. */
  readonly ends: readonly string[];
  /** Texts of all special tokens. */
  readonly special: readonly string[];
}

/** Two text parts, to see whether a template reads them. */
const PARTS = ['first part of a probe', 'second part of a probe'];

/** How a template deals with tools: it leaves them out of its text, or has the model call them in some format. */
export type ToolUse = 'ignored' | 'unknown format' | ToolCallFormat;

/** A conversation in which the assistant calls a function. Some templates want an id of this length. */
const QUESTION = { role: 'user', content: 'What does the probe say?' };
const ANSWER = {
  role: 'assistant',
  content: '',
  tool_calls: [{ id: 'probe1234', type: 'function', function: PROBE_CALL }],
};
const TOOL = {
  type: 'function',
  function: {
    name: PROBE_CALL.name,
    description: 'Tells what the probe says.',
    parameters: {
      type: 'object',
      properties: { probe_argument: { type: 'string', description: 'The probe.' } },
      required: ['probe_argument'],
    },
  },
};

/**
 * A model's chat template: renders conversations exactly as transformers' apply_chat_template does, and finds what the
 * assistant wrote in them.
 */
export class ChatTemplate implements TemplateTraits {
  private readonly markers: EndMarkers;
  private readonly probedTexts = new KnownTexts();
  private partsAreRead: Promise<boolean> | null = null;
  private toolsAreUsed: Promise<ToolUse> | null = null;

  constructor(
    private readonly sources: TemplateSources,
    private readonly tokens: TemplateTokens,
    private readonly renderer: JinjaRenderer,
  ) {
    this.markers = new EndMarkers(tokens.ends, tokens.special);
  }

  /** @throws TemplateError that names the line when a template is not valid. */
  async compile(): Promise<void> {
    const { main, toolUse } = this.sources;
    await this.renderer.compile(main);
    if (toolUse !== null) await this.renderer.compile(toolUse);
  }

  /** Variables of the input win over special tokens of the same name. @throws TemplateError when the template refuses. */
  render(input: TemplateInput): Promise<Rendering> {
    const source = input.tools && this.sources.toolUse !== null ? this.sources.toolUse : this.sources.main;
    return this.renderer.render(source, { ...input, variables: { ...this.tokens.named, ...input.variables } });
  }

  names(role: string): boolean {
    const { main, toolUse } = this.sources;
    return [main, toolUse ?? ''].some((source) => source.includes(`'${role}'`) || source.includes(`"${role}"`));
  }

  /** Found out by a rendering: a template that does not know parts fails, or prints them as Python prints a list. */
  readsParts(): Promise<boolean> {
    this.partsAreRead ??= this.rendersParts();
    return this.partsAreRead;
  }

  /** Found out by renderings: what tools change in a prompt, and how the template writes a call. */
  toolUse(): Promise<ToolUse> {
    this.toolsAreUsed ??= this.usesTools();
    return this.toolsAreUsed;
  }

  private async rendersParts(): Promise<boolean> {
    const content = PARTS.map((text) => ({ type: 'text', text }));
    const text = await this.probe({ messages: [{ role: 'user', content }] });
    return text !== null && PARTS.every((part) => text.includes(part)) && !text.includes("'type'");
  }

  private async usesTools(): Promise<ToolUse> {
    const prompt = { messages: [QUESTION], addGenerationPrompt: true };
    const [plain, offered] = [await this.probe(prompt), await this.probe({ ...prompt, tools: [TOOL] })];
    if (offered === null || offered === plain || !offered.includes(PROBE_CALL.name)) return 'ignored';
    const called = await this.probe({ messages: [QUESTION, ANSWER], tools: [TOOL] });
    return (called === null ? null : formatOf(called)) ?? 'unknown format';
  }

  /** The text of a rendering; null where the template refuses. */
  private async probe(input: TemplateInput): Promise<string | null> {
    try {
      return (await this.render(input)).text;
    } catch (error) {
      if (error instanceof TemplateError) return null;
      throw error;
    }
  }

  /**
   * What the assistant wrote in a rendering of the input: the template's own `{% generation %}` blocks where it has
   * them, else what other renderings tell; null when they do not. The input must not ask for a generation prompt.
   */
  async assistantSpans(input: TemplateInput, { text, spans }: Rendering): Promise<readonly TextSpan[] | null> {
    if (spans) return spans;
    const { markers } = this;
    const render: RenderMessages = async (messages, addGenerationPrompt) =>
      (await this.render({ ...input, messages, addGenerationPrompt })).text;
    // Some templates write the date.
    const day = new Date().toDateString();
    const renderProbed: RenderMessages = (messages, addGenerationPrompt) => {
      const request = JSON.stringify({ ...input, messages, addGenerationPrompt, day });
      return this.probedTexts.get(request, () => render(messages, addGenerationPrompt));
    };
    const messages = input.messages.map((message) => ({ ...message }));
    return assistantSpans({ messages, text, render, renderProbed, markers });
  }
}
