import { randomInt } from 'node:crypto';
import { requireEmbeddings } from '../../base-models/tokenizers/text-limits.js';
import { invalid } from '../../common/json/json-fields.js';
import { type GenerateRequest } from '../../compute/compute-backend.js';
import { type AnswerGrammar, type SamplingParams } from '../../domain/sampling.js';
import { MADE_SEEDS, type Seed, seedOfName } from '../../domain/seed.js';
import { type OrderedGrammar, type SamplingOrder, type SamplingSettings } from './sampling-order.js';

const OFF: SamplingSettings = { minP: 0, repetitionPenalty: 1, temperature: 1, topP: 1, topK: 0 };

/** The most likely tokens of all continuations are in memory at once: 64 MiB with the ids. */
const MAX_TOP_CELLS = 2 ** 23;

/**
 * What the backend is to sample: the order with its defaults, checked against the context of the base model.
 * @throws InvalidRequestError that names the fields of the order's dialect
 */
export async function toGenerateRequest(order: SamplingOrder): Promise<GenerateRequest> {
  const { prompt, count, promptTargets, wanted } = order;
  const room = roomAfter(order);
  await requireEmbeddings(prompt, order.fields.prompt, order.source.model);
  const sampling = toParams(order, readLength(order, room));
  checkTopSampled(order, sampling);
  return {
    prompt,
    count,
    sampling,
    promptTargets,
    topPromptTokens: wanted.topPromptTokens ?? 0,
    topPromptLast: wanted.promptLogprobsLast,
    topSampledTokens: wanted.topSampledTokens ?? 0,
    promptAlternatives: wanted.promptAlternatives ?? 0,
  };
}

/** Ids of the special tokens that the answers are to show. */
export function shownTokens({ shown = [], source }: SamplingOrder): number[] {
  return shown.flatMap((text) => source.model.tokenizer.specialTokens.get(text) ?? []);
}

/** How many tokens may follow the prompt, at least one. */
function roomAfter({ prompt, source: { model }, wanted, fields }: SamplingOrder): number {
  if (prompt.length === 0) throw invalid(fields.prompt, 'contains no tokens.', 'Pass at least one token.');
  const { contextLength } = model.config;
  const room = contextLength - prompt.length;
  // Clients that want the prompt's log-probs ask for one token more, after a full prompt, too: it is drawn, and not read.
  if (room === 0 && wanted.promptLogprobs === true) return 1;
  if (room > 0) return room;
  const problem = `is ${prompt.length} tokens long, but '${model.name}' has a context length of ${contextLength} tokens.`;
  throw invalid(
    fields.prompt,
    problem,
    `Shorten it to at most ${contextLength - 1} tokens; text is never truncated silently.`,
  );
}

function readLength({ prompt, maxNewTokens, source: { model }, fields }: SamplingOrder, room: number): number {
  if (maxNewTokens === null) return room;
  if (maxNewTokens <= room) return maxNewTokens;
  const { contextLength } = model.config;
  const problem = `${maxNewTokens} and a prompt of ${prompt.length} tokens exceed the context of ${contextLength} tokens.`;
  throw invalid(fields.maxNewTokens, problem, `Use at most ${room}, or a shorter prompt.`);
}

/** The order of the keys is part of the payload in the log, whose bytes tell repeats from other requests. */
function toParams(order: SamplingOrder, maxNewTokens: number): SamplingParams {
  const { settings, stop, source } = order;
  const endTokens = stop.endTokens ? source.model.tokenizer.endTokens : [];
  return {
    maxNewTokens,
    minP: settings.minP ?? OFF.minP,
    repetitionPenalty: settings.repetitionPenalty ?? OFF.repetitionPenalty,
    temperature: settings.temperature ?? OFF.temperature,
    topP: settings.topP ?? OFF.topP,
    // Clients write -1 for "off", too.
    topK: Math.max(settings.topK ?? OFF.topK, 0),
    // Older payloads lack them; a request that does not use them has the same bytes as before.
    ...(settings.frequencyPenalty ? { frequencyPenalty: settings.frequencyPenalty } : {}),
    ...(settings.presencePenalty ? { presencePenalty: settings.presencePenalty } : {}),
    ...(settings.logitBias?.length ? { logitBias: settings.logitBias } : {}),
    stopTokens: [...new Set([...endTokens, ...stop.tokens])],
    stopStrings: stop.strings,
    ...(order.grammar ? { grammar: answerGrammar(order, order.grammar) } : {}),
    seed: order.seed ?? makeSeed(order.idempotencyKey),
  };
}

function answerGrammar(order: SamplingOrder, { ebnf, field }: OrderedGrammar): AnswerGrammar {
  const { name, tokenizer } = order.source.model;
  const shown = shownTokens(order);
  if (tokenizer.spellsTokens) return { ebnf, ...(shown.length > 0 ? { shownTokens: shown } : {}) };
  throw invalid(
    field,
    `does not work with '${name}', whose tokens do not spell texts.`,
    'Omit it, or use another model.',
  );
}

/** With a key, a repeat must be the same request. */
function makeSeed(idempotencyKey: string | undefined): Seed {
  return idempotencyKey === undefined ? randomInt(MADE_SEEDS) : seedOfName(idempotencyKey);
}

function checkTopSampled({ count, wanted, fields }: SamplingOrder, { maxNewTokens }: SamplingParams): void {
  const k = wanted.topSampledTokens ?? 0;
  const tokens = count * maxNewTokens;
  if (k * tokens <= MAX_TOP_CELLS) return;
  const length = fields.maxNewTokens.slice(fields.maxNewTokens.lastIndexOf('.') + 1);
  const remedy = `Use at most ${Math.floor(MAX_TOP_CELLS / tokens)}, or fewer samples, or a smaller ${length}.`;
  throw invalid(fields.topSampledTokens, `is ${k} for up to ${tokens} tokens.`, remedy);
}
