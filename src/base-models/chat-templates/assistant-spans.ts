import { TemplateError, TemplateTimeoutError } from './jinja/jinja.errors.js';
import { type TextSpan } from './jinja/jinja-renderer.js';
import { answerSpan, type AnswerView, type EndMarkers, type TemplateHabits } from './answer-span.js';
import { contentOf, Probes, type ProbedText } from './content-probes.js';

type Message = Readonly<Record<string, unknown>>;

/** @throws TemplateError. */
export type RenderMessages = (messages: readonly Message[], addGenerationPrompt: boolean) => Promise<string>;

/** A rendered conversation of which one asks what the assistant wrote. */
export interface RenderedConversation {
  readonly messages: readonly Message[];
  /** The rendering of all messages, without a generation prompt. */
  readonly text: string;
  /** Other renderings by the same template. */
  readonly render: RenderMessages;
  /** The same for messages whose contents are all probes: other conversations of the same form need them, too. */
  readonly renderProbed: RenderMessages;
  readonly markers: EndMarkers;
}

/** Most messages that the renderings for one conversation may have together when every answer needs its own. */
const MAX_RENDERED_MESSAGES = 200_000;
const RENDERINGS_PER_ANSWER = 6;

/**
 * What the assistant wrote in a rendered conversation, in the order of the text; null when the template does not tell.
 * An answer starts where the prompt for it ends and ends with its end-of-turn token; where a template has none, with
 * its content. Nothing is guessed from the text: contents are replaced by probes, which show where the template puts
 * each and what it writes around them, and every finding has to fit the real text.
 *
 * First all contents are probed together (some seven renderings, however long the conversation), which separates each
 * answer from its neighbours even where the template moves or repeats messages. Where the template looks into contents
 * and so writes the real text differently, each answer is probed by itself, and last compared without probes.
 */
export async function assistantSpans(conversation: RenderedConversation): Promise<TextSpan[] | null> {
  const answers = [...conversation.messages.keys()].filter((i) => conversation.messages[i]?.['role'] === 'assistant');
  if (answers.length === 0) return [];
  const probes = new Probes(conversation.messages, conversation.text);
  const habits = await habitsOf(conversation, probes);
  const together = await orNull(new JointProbing(conversation, probes, habits, answers).spans());
  if (together) return together;
  const messages = answers.length * RENDERINGS_PER_ANSWER * conversation.messages.length;
  if (messages > MAX_RENDERED_MESSAGES) return null;
  const spans: TextSpan[] = [];
  for (const answer of answers) {
    const span =
      (await orNull(probedAlone(conversation, probes, habits, answer))) ??
      (await orNull(unprobed(conversation, probes, habits, answer)));
    if (!span) return null;
    spans.push(span);
  }
  return inOrder(spans);
}

async function habitsOf({ renderProbed, markers }: RenderedConversation, probes: Probes): Promise<TemplateHabits> {
  const question = probes.replace([{ role: 'user', content: '' }], () => true);
  const asked = await orNull(renderProbed(question, false));
  const prompt = await orNull(renderProbed(question, true));
  if (asked === null || prompt === null) return { opening: null, closing: null };
  const opening = prompt.slice(markers.commonStart(asked, prompt).length).trimStart();
  return { opening, closing: probes.split(asked).pieces[1] ?? null };
}

/** The prompt for an answer. With nothing before it many templates write none: it has to end as other prompts do. */
async function promptFor(
  { messages, render }: Pick<RenderedConversation, 'messages' | 'render'>,
  habits: TemplateHabits,
  answer: number,
): Promise<string | null> {
  const prompt = await orNull(render(messages.slice(0, answer), true));
  if (answer > 0 || prompt === null || habits.opening === null) return answer > 0 ? prompt : null;
  const known = prompt.endsWith(habits.opening) || (prompt !== '' && habits.opening.endsWith(prompt));
  return known ? prompt : null;
}

/** All contents replaced at once. */
class JointProbing {
  private readonly prompts = new Map<string, Promise<string | null>>();
  private readonly closings = new Map<string, Promise<string | null>>();
  /** Where each message stands in the order of the text; -1 for one that stands there more than once. */
  private readonly positions = new Map<number, number>();

  constructor(
    private readonly conversation: RenderedConversation,
    private readonly probes: Probes,
    private readonly habits: TemplateHabits,
    private readonly answers: readonly number[],
  ) {}

  async spans(): Promise<TextSpan[] | null> {
    const all = await this.renderProbed(this.conversation.messages.length);
    all.order.forEach((message, at) => this.positions.set(message, this.positions.has(message) ? -1 : at));
    if (!this.answers.every((answer) => (this.positions.get(answer) ?? -1) >= 0)) return null;
    const spans: TextSpan[] = [];
    for (const group of apart(all.order, this.answers)) {
      const regions = await this.regions(all, group);
      for (const { answer, text, start } of regions ?? []) {
        const span = answerSpan(await this.viewOf(answer, all, text), this.conversation.markers);
        if (!span) return null;
        spans.push({ start: start + span.start, end: start + span.end });
      }
      if (!regions) return null;
    }
    return inOrder(spans);
  }

  /** For each answer of a group the real text between the contents before and after it, and where that starts. */
  private async regions(all: ProbedText, group: readonly number[]): Promise<AnswerRegion[] | null> {
    const { messages, render, text } = this.conversation;
    const shown = new Set(group);
    const probed = this.probes.replace(messages, (i) => !shown.has(i));
    const { order, pieces } = this.probes.split(await render(probed, false));
    const hidden = all.order.filter((message) => !shown.has(message));
    if (!sameNumbers(order, hidden)) return null;
    const starts = locatePieces(pieces, text);
    const regions: AnswerRegion[] = [];
    let piece = 0;
    for (const message of all.order) {
      if (!shown.has(message)) {
        piece++;
        continue;
      }
      const start = starts?.[piece] ?? null;
      if (start === null) return null;
      regions.push({ answer: message, text: pieces[piece] ?? '', start });
    }
    return regions;
  }

  private async viewOf(answer: number, all: ProbedText, region: string): Promise<AnswerView> {
    const at = this.positions.get(answer) ?? -1;
    const next = all.order[at + 1];
    const after = all.pieces[at + 1] ?? '';
    // The same question for every answer to the same role; what it finds has to fit each of them.
    const kind = `${String(this.conversation.messages[answer - 1]?.['role'])} ${answer === this.answers.at(-1)}`;
    const prompt = await once(this.prompts, kind, () => this.promptAfter(answer, all.order[at - 1]));
    const shared = { region, header: all.pieces[at] ?? '', prompt, after, habits: this.habits };
    if (next === undefined) return { ...shared, alone: after, followed: await this.followed(answer) };
    const alone = await once(this.closings, after, () => this.closing(answer));
    return { ...shared, alone, followed: after };
  }

  /** What the prompt for an answer has after the content before it. */
  private async promptAfter(answer: number, before: number | undefined): Promise<string | null> {
    const { messages, renderProbed: render } = this.conversation;
    const probed = this.probes.replace(messages, () => true);
    const prompt = await promptFor({ messages: probed, render }, this.habits, answer);
    const split = prompt === null ? null : this.probes.split(prompt);
    return split?.order.at(-1) === before ? (split?.pieces.at(-1) ?? null) : null;
  }

  /** What follows a message's content when the conversation ends with it. */
  private async closing(message: number): Promise<string | null> {
    const ended = await orNull(this.renderProbed(message + 1));
    return ended?.order.at(-1) === message ? (ended.pieces.at(-1) ?? null) : null;
  }

  /** What would follow the last answer if the user went on. */
  private async followed(answer: number): Promise<string | null> {
    const { messages, renderProbed } = this.conversation;
    const longer = [...messages, { role: 'user', content: contentOf(messages) }];
    const text = await orNull(
      renderProbed(
        this.probes.replace(longer, () => true),
        false,
      ),
    );
    if (text === null) return null;
    const { order, pieces } = this.probes.split(text);
    return pieces[order.indexOf(answer) + 1] ?? null;
  }

  private async renderProbed(count: number): Promise<ProbedText> {
    const { messages, renderProbed } = this.conversation;
    const probed = this.probes.replace(messages.slice(0, count), () => true);
    return this.probes.split(await renderProbed(probed, false));
  }
}

interface AnswerRegion {
  readonly answer: number;
  readonly text: string;
  /** Of the region, in the conversation's text. */
  readonly start: number;
}

/** One answer replaced, all else as it is. */
async function probedAlone(
  conversation: RenderedConversation,
  probes: Probes,
  habits: TemplateHabits,
  answer: number,
): Promise<TextSpan | null> {
  const { messages, text, render, markers } = conversation;
  const splitOf = async (list: readonly Message[], chosen = (i: number) => i === answer) =>
    probes.split(await render(probes.replace(list, chosen), false));
  // Nothing of later messages may stand between the prompt and the answer.
  if ((await splitOf(messages, (i) => i >= answer)).order[0] !== answer) return null;
  const whole = await splitOf(messages);
  const [header, after] = whole.pieces;
  if (header === undefined || after === undefined || whole.pieces.length !== 2) return null;
  const isLast = answer === messages.length - 1;
  const longer = [...messages, { role: 'user', content: contentOf(messages) }];
  const alone = isLast ? whole : await orNull(splitOf(messages.slice(0, answer + 1)));
  const followed = isLast ? await orNull(splitOf(longer)) : whole;
  const view: AnswerView = {
    region: text,
    header,
    prompt: await promptFor(conversation, habits, answer),
    after,
    alone: alone?.pieces[1] ?? null,
    followed: followed?.pieces[1] ?? null,
    habits,
  };
  return answerSpan(view, markers);
}

/** For answers whose content the template does not write, or not as it is (calls of tools): what it adds to their prompt. */
async function unprobed(
  conversation: RenderedConversation,
  probes: Probes,
  habits: TemplateHabits,
  answer: number,
): Promise<TextSpan | null> {
  const { messages, text, render, markers } = conversation;
  const prompt = await promptFor(conversation, habits, answer);
  const isLast = answer === messages.length - 1;
  const alone = isLast ? text : await render(messages.slice(0, answer + 1), false);
  if (prompt === null || !text.startsWith(prompt) || !alone.startsWith(prompt)) return null;
  const longer = [...messages, { role: 'user', content: contentOf(messages) }];
  const followed = isLast ? await orNull(render(longer, false)) : text;
  const footer = markers.commonStart(alone.slice(prompt.length), (followed ?? alone).slice(prompt.length));
  const end = markers.endIn(footer);
  if (!end?.marked) return null;
  const span = { start: prompt.length, end: prompt.length + end.length };
  // Nothing of later messages may be in it.
  const later = await render(
    probes.replace(messages, (i) => i > answer),
    false,
  );
  return (probes.split(later).pieces[0] ?? '').startsWith(text.slice(0, span.end)) ? span : null;
}

/** Splits the answers into groups of which no two stand side by side. */
function apart(order: readonly number[], answers: readonly number[]): number[][] {
  const wanted = new Set(answers);
  const groups: [number[], number[]] = [[], []];
  let group: 0 | 1 = 0;
  order.forEach((message, at) => {
    if (!wanted.has(message)) return;
    group = wanted.has(order[at - 1] ?? -1) && group === 0 ? 1 : 0;
    groups[group].push(message);
  });
  return groups.filter(({ length }) => length > 0);
}

/**
 * Where each piece stands in the text when it is those pieces in their order with anything between them; null for a
 * piece that could stand at several positions.
 */
function locatePieces(pieces: readonly string[], text: string): (number | null)[] | null {
  const [first = '', ...others] = pieces;
  const last = others.pop();
  if (last === undefined) return first === text ? [0] : null;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return null;
  const end = text.length - last.length;
  const lowest: number[] = [];
  let from = first.length;
  for (const piece of others) {
    lowest.push(text.indexOf(piece, from));
    from = (lowest.at(-1) ?? 0) + piece.length;
    if (lowest.at(-1) === -1 || from > end) return null;
  }
  let until = end;
  const middle = [...lowest.entries()].reverse().map(([i, low]) => {
    const piece = others[i] ?? '';
    until = text.lastIndexOf(piece, until - piece.length);
    return low === until ? low : null;
  });
  return [0, ...middle.reverse(), end];
}

function inOrder(spans: readonly TextSpan[]): TextSpan[] | null {
  const sorted = [...spans].sort((a, b) => a.start - b.start || a.end - b.end);
  return sorted.every(({ start }, i) => start >= (sorted[i - 1]?.end ?? 0)) ? sorted : null;
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

async function once<V>(known: Map<string, Promise<V>>, key: string, find: () => Promise<V>): Promise<V> {
  const value = known.get(key) ?? find();
  known.set(key, value);
  return value;
}

/** A rendering that the template refuses tells nothing. */
async function orNull<V>(value: Promise<V>): Promise<V | null> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof TemplateError && !(error instanceof TemplateTimeoutError)) return null;
    throw error;
  }
}
