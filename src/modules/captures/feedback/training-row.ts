import { type CapturedInput } from '../captured-request.js';
import { type CaptureFeedbackEntity } from '../entities/capture-feedback.entity.js';

export const TRAINING_METHODS = ['dpo', 'supervised'] as const;
export type TrainingMethod = (typeof TRAINING_METHODS)[number];

/** Rows of one file are of one kind: conversations, or texts as they stand with their completions. */
export const ROW_KINDS = ['chat', 'completion'] as const;
export type RowKind = (typeof ROW_KINDS)[number];

/** Why a capture is not in a file. */
export const SKIP_REASONS = [
  'no_row',
  'not_a_conversation',
  'continued_answer',
  'not_a_text',
  'partial_score',
] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** A capture, as far as a row is made of it. */
export interface JudgedCapture {
  readonly input: CapturedInput;
  readonly answers: readonly string[];
  readonly feedback: readonly Pick<CaptureFeedbackEntity, 'choice' | 'thumb' | 'score' | 'correction'>[];
}

type Conversation = readonly Readonly<Record<string, unknown>>[];

/** The rows of conversations that a capture gives, in the shapes of OpenAI's files; or why it gives none. */
export function chatRows(method: TrainingMethod, capture: JudgedCapture): readonly object[] | SkipReason {
  const { input } = capture;
  if (input.kind !== 'chat' || !Array.isArray(input.messages)) return 'not_a_conversation';
  if (input.continuesAnswer) return 'continued_answer';
  const messages = (input.messages as Conversation).map(({ weight: _, ...message }) => message);
  const tools = input.tools?.length ? { tools: input.tools } : {};
  const rows = method === 'dpo' ? pairs(capture, messages, tools) : weighted(capture, messages, tools);
  return rows.length > 0 ? rows : 'no_row';
}

/** The prompts and completions that a capture gives. They have no weights: an answer counts fully or not at all. */
export function completionRows({ input, answers, feedback }: JudgedCapture): readonly object[] | SkipReason {
  if (input.kind !== 'text') return 'not_a_text';
  const { prompt } = input;
  const judged = feedback.map((one) => ({
    completion: one.correction ?? answers[one.choice] ?? '',
    worth: one.correction === null ? (worthOf(one) ?? 0) : 1,
  }));
  const rows = judged.flatMap(({ completion, worth }) => (worth === 1 && completion ? [{ prompt, completion }] : []));
  if (rows.length > 0) return rows;
  return judged.some(({ worth }) => worth > 0 && worth < 1) ? 'partial_score' : 'no_row';
}

/** Each corrected answer against its correction; without corrections, the best answer against the worst. */
function pairs(capture: JudgedCapture, messages: Conversation, tools: object): object[] {
  const { answers, feedback } = capture;
  const corrected = feedback.flatMap(({ choice, correction }) => {
    const answer = answers[choice];
    return correction === null || answer === undefined || answer === correction ? [] : [[correction, answer] as const];
  });
  return (corrected.length > 0 ? corrected : bestAndWorst(capture)).map(([better, worse]) => ({
    input: { messages, ...tools },
    preferred_output: [{ role: 'assistant', content: better }],
    non_preferred_output: [{ role: 'assistant', content: worse }],
  }));
}

function bestAndWorst({ answers, feedback }: JudgedCapture): (readonly [string, string])[] {
  const ranked = feedback
    .flatMap((one) => {
      const [worth, answer] = [worthOf(one), answers[one.choice]];
      return worth === null || answer === undefined ? [] : [{ worth, answer }];
    })
    .toSorted((a, b) => b.worth - a.worth);
  const [best, worst] = [ranked[0], ranked.at(-1)];
  return best && worst && best.worth > worst.worth && best.answer !== worst.answer ? [[best.answer, worst.answer]] : [];
}

/** Corrections count fully; other answers by their score, or fully with a thumb up. Earlier answers are not trained. */
function weighted({ answers, feedback }: JudgedCapture, messages: Conversation, tools: object): object[] {
  const prompt = messages.map((message) => (message['role'] === 'assistant' ? { ...message, weight: 0 } : message));
  return feedback.flatMap((one) => {
    const content = one.correction ?? answers[one.choice];
    const weight = one.correction === null ? worthOf(one) : 1;
    if (content === undefined || weight === null || weight === 0) return [];
    return [{ messages: [...prompt, { role: 'assistant', content, weight }], ...tools }];
  });
}

/** From 0 to 1; null where nobody said. */
function worthOf({ score, thumb }: JudgedCapture['feedback'][number]): number | null {
  if (score !== null) return score;
  return thumb === null ? null : thumb === 'up' ? 1 : 0;
}
