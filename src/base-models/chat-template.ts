import { Template } from '@huggingface/jinja';
import { type ChatMessage } from './chat-tokenizer.js';

/** A part of the rendered text, as character positions. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
}

/** Private-use characters that no template writes; they mark where `{% generation %}` blocks begin and end. */
const OPEN = '\uE000';
const CLOSE = '\uE001';
const GENERATION_TAG = /\{%-?\s*generation\s*-?%\}/;

/**
 * A model's chat template (Jinja). Renders conversations to text and finds what the assistant wrote in it: by the
 * template's own `{% generation %}` blocks where it has them, else by rendering the conversation up to each answer and
 * comparing; an answer ends with its end-of-turn token.
 */
export class ChatTemplate {
  private readonly template: Template;
  /** The same template with marks around its generation blocks. */
  private readonly marked: Template | null;

  /**
   * `tokens`: special tokens by name (bos_token, ...), for the template's use. `endTexts`: the end-of-turn tokens.
   * @throws the parser's error when the template is not valid.
   */
  constructor(
    source: string,
    private readonly tokens: Readonly<Record<string, string>>,
    private readonly endTexts: readonly string[],
  ) {
    this.template = new Template(withPlainBlocks(source));
    this.marked = GENERATION_TAG.test(source) ? new Template(withPlainBlocks(withMarks(source))) : null;
  }

  /** @throws the template's own error when it refuses the messages. */
  render(messages: readonly ChatMessage[], addGenerationPrompt: boolean): string {
    return this.renderWith(this.template, messages, addGenerationPrompt);
  }

  /** What the assistant wrote in `text`, the rendering of `messages` without a generation prompt; null when the template does not tell. */
  assistantSpans(messages: readonly ChatMessage[], text: string): TextSpan[] | null {
    return this.markedSpans(messages, text) ?? this.comparedSpans(messages, text);
  }

  private renderWith(template: Template, messages: readonly ChatMessage[], addGenerationPrompt: boolean): string {
    const variables = { messages, tools: null, documents: null, add_generation_prompt: addGenerationPrompt };
    return template.render({ ...this.tokens, ...variables });
  }

  private markedSpans(messages: readonly ChatMessage[], text: string): TextSpan[] | null {
    if (!this.marked) return null;
    const parts = this.renderWith(this.marked, messages, false).split(/([\uE000\uE001])/);
    const spans: TextSpan[] = [];
    let position = 0;
    let start = 0;
    for (const part of parts) {
      if (part === OPEN) start = position;
      else if (part === CLOSE) spans.push({ start, end: position });
      else position += part.length;
    }
    // Marks that changed the text (white space around the tags) or came from a message cannot be trusted.
    const same = parts.filter((part) => part !== OPEN && part !== CLOSE).join('') === text;
    return same ? spans : null;
  }

  private comparedSpans(messages: readonly ChatMessage[], text: string): TextSpan[] | null {
    const spans: TextSpan[] = [];
    for (const [i, message] of messages.entries()) {
      if (message.role !== 'assistant') continue;
      const before = messages.slice(0, i);
      const start = this.prefixLength(before, true, text) ?? this.prefixLength(before, false, text);
      if (start === null) return null;
      const end = this.endOfTurn(start, this.prefixLength(messages.slice(0, i + 1), false, text), text);
      if (end === null) return null;
      spans.push({ start, end });
    }
    return spans;
  }

  /** Length of the rendering of the first messages, when `text` begins with it. */
  private prefixLength(messages: readonly ChatMessage[], addGenerationPrompt: boolean, text: string): number | null {
    try {
      const prefix = this.render(messages, addGenerationPrompt);
      return text.startsWith(prefix) ? prefix.length : null;
    } catch {
      // Many templates refuse a conversation that has not begun.
      return messages.length === 0 ? 0 : null;
    }
  }

  /**
   * Just after the end-of-turn token of the answer that begins at `start`: the last one before `limit`, or, where the
   * template renders a shorter conversation differently (limit null), the first one.
   */
  private endOfTurn(start: number, limit: number | null, text: string): number | null {
    const within = text.slice(start, limit ?? undefined);
    const ends = this.endTexts.flatMap((end) => {
      const at = limit === null ? within.indexOf(end) : within.lastIndexOf(end);
      return at < 0 ? [] : [start + at + end.length];
    });
    if (ends.length === 0) return limit;
    return limit === null ? Math.min(...ends) : Math.max(...ends);
  }
}

/**
 * Generation blocks as blocks that Jinja knows. The library would drop their tags before it handles white space, and
 * so strip some that the tags protect.
 */
function withPlainBlocks(source: string): string {
  return source
    .replace(/\{%(-?)\s*generation\s*(-?)%\}/g, '{%$1 if true $2%}')
    .replace(/\{%(-?)\s*endgeneration\s*(-?)%\}/g, '{%$1 endif $2%}');
}

/** Puts the marks inside the blocks and keeps, of the white space there, what Jinja would keep beside the tags. */
function withMarks(source: string): string {
  const opened = source.replace(
    /(\{%-?\s*generation\s*(-?)%\})(\s*)(\{[%#])?/g,
    (_, tag: string, dash: string, space: string, next: string | undefined) => {
      let kept = dash === '-' ? '' : space.replace(/^\n/, '');
      if (next !== undefined && space.includes('\n')) kept = kept.replace(/[ \t]+$/, '');
      return `${tag}{{ '${OPEN}' }}${kept}${next ?? ''}`;
    },
  );
  return opened.replace(
    /(^|\n)?([ \t]*)(\{%(-?)\s*endgeneration\s*-?%\})/g,
    (_, lineStart: string | undefined, blanks: string, tag: string, dash: string) =>
      `${lineStart ?? blanks}{{${dash} '${CLOSE}' }}${tag}`,
  );
}
