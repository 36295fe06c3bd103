import { describe, invalid, isGiven, readObject } from '../../common/json/json-fields.js';
import { type LogitBias } from '../../domain/sampling.js';
import { toSeed } from '../../domain/seed.js';
import { readStop, type SamplingOrder, type SamplingSource } from '../generation/index.js';
import { type StreamRequest } from './completion-streams.js';
import { type SamplingSettingsDto } from './sampling-settings.dto.js';

const BIAS_FORM = 'Pass {"<token id>": <number from -100 to 100>}.';
const MAX_BIAS = 100;
/** OpenAI's limit is 300; every token of the list is added anew for every token sampled. */
const MAX_BIASES = 1024;

type Settings = Pick<SamplingOrder, 'source' | 'count' | 'settings' | 'stop' | 'seed' | 'stream'>;

/** What chat and text completions have in common. @throws InvalidRequestError */
export function readSamplingSettings(dto: SamplingSettingsDto, source: SamplingSource): Settings {
  if (isGiven(dto.stream_options) && dto.stream !== true) {
    throw invalid('stream_options', 'is only allowed when stream is true.', 'Set stream to true, or omit it.');
  }
  return {
    source,
    count: dto.n ?? 1,
    settings: {
      temperature: dto.temperature ?? undefined,
      topP: dto.top_p ?? undefined,
      topK: dto.top_k ?? undefined,
      minP: dto.min_p ?? undefined,
      repetitionPenalty: dto.repetition_penalty ?? undefined,
      frequencyPenalty: dto.frequency_penalty ?? undefined,
      presencePenalty: dto.presence_penalty ?? undefined,
      logitBias: readLogitBias(dto.logit_bias, source.model.config.vocabSize),
    },
    stop: { ...readStop(dto.stop, 'stop', source.model), endTokens: true },
    seed: isGiven(dto.seed) ? toSeed(dto.seed) : null,
    stream: dto.stream ?? false,
  };
}

export function readStreamRequest({ model, stream_options: options }: SamplingSettingsDto): StreamRequest {
  return { model, withUsage: options?.include_usage === true };
}

function readLogitBias(value: unknown, vocabSize: number): readonly LogitBias[] {
  if (!isGiven(value)) return [];
  const entries = Object.entries(readObject(value, 'logit_bias', BIAS_FORM));
  if (entries.length > MAX_BIASES) {
    throw invalid('logit_bias', `has ${entries.length} entries.`, `Pass at most ${MAX_BIASES}.`);
  }
  return entries.map(([key, bias]) => {
    const field = `logit_bias.${key.slice(0, 24)}`;
    if (!/^\d{1,9}$/.test(key) || Number(key) >= vocabSize) {
      throw invalid(field, 'is not a token id of this model.', `Token ids are 0 to ${vocabSize - 1}.`);
    }
    if (typeof bias === 'number' && Math.abs(bias) <= MAX_BIAS) return [Number(key), bias];
    throw invalid(field, `is ${describe(bias)}.`, BIAS_FORM);
  });
}
