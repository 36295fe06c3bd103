import { EndMarkers } from './answer-span.js';
import { assistantSpans } from './assistant-spans.js';
import { TemplateError } from './jinja/jinja.errors.js';
import { type JinjaRenderer, type Rendering, type TemplateInput, type TextSpan } from './jinja/jinja-renderer.js';
import { type TemplateTraits } from './template-messages.js';

/** A model's chat template as its files state it. */
export interface TemplateSources {
  readonly main: string;
  /** The template that takes the main one's place when tools are given; null when there is only one. */
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

/**
 * A model's chat template: renders conversations exactly as transformers' apply_chat_template does, and finds what the
 * assistant wrote in them.
 */
export class ChatTemplate implements TemplateTraits {
  private readonly markers: EndMarkers;
  private partsAreRead: Promise<boolean> | null = null;

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

  private async rendersParts(): Promise<boolean> {
    const content = PARTS.map((text) => ({ type: 'text', text }));
    try {
      const { text } = await this.render({ messages: [{ role: 'user', content }] });
      return PARTS.every((part) => text.includes(part)) && !text.includes("'type'");
    } catch (error) {
      if (error instanceof TemplateError) return false;
      throw error;
    }
  }

  /**
   * What the assistant wrote in a rendering of the input: the template's own `{% generation %}` blocks where it has
   * them, else what other renderings tell; null when they do not. The input must not ask for a generation prompt.
   */
  async assistantSpans(input: TemplateInput, { text, spans }: Rendering): Promise<readonly TextSpan[] | null> {
    if (spans) return spans;
    const render = async (messages: readonly object[], addGenerationPrompt: boolean) =>
      (await this.render({ ...input, messages, addGenerationPrompt })).text;
    const messages = input.messages.map((message) => ({ ...message }));
    return assistantSpans({ messages, text, render, markers: this.markers });
  }
}
