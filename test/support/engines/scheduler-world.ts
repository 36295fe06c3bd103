import { type GenerateOptions, type GenerateRequest } from '../../../src/compute/compute-backend.js';
import { DecodeScheduler } from '../../../src/compute/host/decoding/decode-scheduler.js';
import { EngineTurns } from '../../../src/compute/host/engine-turns.js';
import { FairShares } from '../../../src/compute/host/fair-shares.js';
import { type WeightsRef } from '../../../src/compute/model-engine.js';
import { TokenSampler } from '../../../src/compute/numerics/token-sampler.js';
import { type SamplingParams } from '../../../src/domain/sampling.js';
import { FAKE_MODEL } from '../fake-backend/fake-backend.js';
import { PLAIN_SAMPLING } from './plain-sampling.js';
import { StepEngine, type StepEngineOptions } from './step-engine.js';
import { WorkMeter } from '../../../src/compute/host/work-meter.js';

export const BASE: WeightsRef = { kind: 'base', baseModel: FAKE_MODEL.name };
const BYTES_PER_TOKEN = 8;

interface Options extends StepEngineOptions {
  /** Tokens that fit into the memory for keys and values. */
  readonly tokens?: number;
  /** Tokens of it that may hold prompts for later ones; all by default. */
  readonly keptTokens?: number;
}

export function startScheduler({ tokens = 100_000, keptTokens = tokens, ...options }: Options = {}) {
  const engine = new StepEngine(options);
  const turns = new EngineTurns(new FairShares(() => engine.time), () => engine.time);
  const scheduler = new DecodeScheduler({
    meter: new WorkMeter(),
    engine,
    turns,
    memoryBytes: tokens * BYTES_PER_TOKEN,
    prefixBytes: keptTokens * BYTES_PER_TOKEN,
  });
  const sampler = new TokenSampler(FAKE_MODEL.config.vocabSize);
  const decode = (ids: ArrayLike<number>) => Promise.resolve(Array.from(ids, (id) => `<${id}>`).join(''));
  const generate = (request: GenerateRequest, callOptions?: GenerateOptions, weights = BASE) =>
    scheduler.generate(
      { weights, sampler, decode, bytesPerToken: BYTES_PER_TOKEN, openGrammar: () => Promise.resolve([]) },
      request,
      callOptions,
    );
  return { engine, turns, scheduler, generate };
}

/** Prompts with equal seeds are equal; others differ from their first token on. */
export function prompt(length: number, seed = 1): Int32Array {
  return Int32Array.from({ length }, (_, i) => (seed * 37 + i * i * 7 + i) % 100);
}

export function request(
  read: Int32Array,
  sampling: Partial<SamplingParams> = {},
  more: Partial<GenerateRequest> = {},
): GenerateRequest {
  return { prompt: read, count: 1, sampling: { ...PLAIN_SAMPLING, maxNewTokens: 10, ...sampling }, ...more };
}

/** What a request gets on an engine of its own. */
export async function alone(asked: GenerateRequest, weights = BASE) {
  return startScheduler().generate(asked, {}, weights);
}

export const many = <T>(count: number, make: (index: number) => T) => Array.from({ length: count }, (_, i) => make(i));
