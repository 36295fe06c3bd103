import { type TextSpan } from './jinja/jinja-renderer.js';

/** What renderings with probes show about one answer. Texts around a content are what the template writes there. */
export interface AnswerView {
  /** The real text in which the answer is searched: the whole, or from the content before it to the content after it. */
  readonly region: string;
  /** From the region's start to the answer's content, for a probed content. */
  readonly header: string;
  /** From the region's start to the end of the prompt for this answer; null when the template refuses that prompt. */
  readonly prompt: string | null;
  /** From the content's end to the region's end. */
  readonly after: string;
  /** What follows the content when the conversation ends there; null when the template refuses that. */
  readonly alone: string | null;
  /** What follows the content when another message follows; null when the template refuses that. */
  readonly followed: string | null;
  readonly habits: TemplateHabits;
}

/** What a template writes around a question that stands alone; null where it refuses one. */
export interface TemplateHabits {
  /** What a generation prompt adds, without white space in front; '' when the template has none. */
  readonly opening: string | null;
  /** What follows the question's content. */
  readonly closing: string | null;
}

/** An end inside a text, and whether a token of the tokenizer marks it. */
interface End {
  readonly length: number;
  /** Where the marking token starts; 0 when nothing marks the end. */
  readonly from: number;
  readonly marked: boolean;
}

/** Looks like a token that a template writes by its text: `<|im_end|>`, `</s>`, `[/INST]`. */
const MARKER = String.raw`<[^<>\s]{1,60}>|\[[^[\]\s]{1,60}\]`;
const MAX_MARKER = 64;

/** Knows the tokens that end turns, and the other special tokens of a tokenizer. */
export class EndMarkers {
  private readonly units: RegExp;
  private readonly specialTexts: readonly string[];

  constructor(
    private readonly endTexts: readonly string[],
    specialTexts: readonly string[],
  ) {
    this.specialTexts = specialTexts.filter((text) => text.trim() !== '');
    const whole = new RegExp(`^(?:${MARKER})$`);
    const others = [...endTexts, ...this.specialTexts].filter((text) => text !== '' && !whole.test(text));
    others.sort((a, b) => b.length - a.length);
    this.units = new RegExp([...others.map(escapeRegExp), MARKER].join('|'), 'g');
  }

  /** The common beginning of two texts that cuts no token in two. */
  commonStart(a: string, b: string): string {
    let length = 0;
    while (length < a.length && length < b.length && a[length] === b[length]) length++;
    return a.slice(0, Math.min(this.unitStart(a, length), this.unitStart(b, length)));
  }

  /** The end of an answer in what follows its content; null when only white space does. */
  endIn(footer: string): End | null {
    const marked = lastOf(this.endTexts, footer) ?? lastOf(this.specialTexts, footer);
    if (marked) return { ...marked, marked: true };
    const length = footer.trimEnd().length;
    return length === 0 ? null : { length, from: 0, marked: false };
  }

  /** The end-of-turn token with which a text begins. */
  endAtStart(text: string): End | null {
    const from = text.length - text.trimStart().length;
    const end = this.endTexts.find((known) => known !== '' && text.startsWith(known, from));
    return end === undefined ? null : { length: from + end.length, from, marked: true };
  }

  /** Position, or the start of the token that it cuts. */
  private unitStart(text: string, position: number): number {
    const from = Math.max(0, position - MAX_MARKER);
    for (const match of text.slice(from, position + MAX_MARKER).matchAll(this.units)) {
      const start = from + match.index;
      if (start < position && position < start + match[0].length) return start;
    }
    return position;
  }
}

/** The answer within its region; null when the renderings do not fit together. */
export function answerSpan(view: AnswerView, markers: EndMarkers): TextSpan | null {
  const start = startOf(view);
  const end = endOf(view, markers);
  return start === null || end === null || end < start ? null : { start, end };
}

/**
 * Where the prompt ends. Where the text does not go on like that prompt: where the content starts, if the prompt opens a
 * thought that this answer does not have, or if a prompt's opening stands right before the content.
 */
function startOf({ region, prompt, header, habits }: AnswerView): number | null {
  if (prompt !== null && region.startsWith(prompt)) return prompt.length;
  if (header === '' || !region.startsWith(header)) return null;
  const opened = prompt?.startsWith(header) ?? false;
  return opened || (habits.opening && header.endsWith(habits.opening)) ? header.length : null;
}

function endOf(view: AnswerView, markers: EndMarkers): number | null {
  const { region, after } = view;
  const end = closingEnd(view, markers) ?? { length: 0, from: 0, marked: false };
  // Counted from the region's end, so that nothing in the content can be taken for the end.
  return region.endsWith(after.slice(end.from)) ? region.length - after.length + end.length : null;
}

/**
 * The end-of-turn in what follows the content. It is in what the template writes there whether or not the conversation
 * goes on; else in what ends the last turn; else in what closes questions, too; else an end token comes first.
 */
function closingEnd(view: AnswerView, markers: EndMarkers): End | null {
  const { after, alone, followed, habits } = view;
  if (alone !== null && followed !== null) {
    const end = markers.endIn(markers.commonStart(alone, followed));
    if (end) return end;
  }
  if (after === alone) return markers.endIn(alone);
  const shared = habits.closing === null ? null : markers.endIn(markers.commonStart(after, habits.closing));
  return shared ?? markers.endAtStart(after);
}

function lastOf(texts: readonly string[], within: string): { length: number; from: number } | null {
  let best: { length: number; from: number } | null = null;
  for (const text of texts) {
    const from = text === '' ? -1 : within.lastIndexOf(text);
    if (from >= 0 && (best === null || from + text.length > best.length)) best = { from, length: from + text.length };
  }
  return best;
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
