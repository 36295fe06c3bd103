import { type AdapterTensors } from '../../domain/adapter/adapter-state.js';
import { DEFAULT_LORA, type LoraSpec } from '../../domain/adapter/lora-spec.js';
import { offsetsOf } from '../../domain/ragged-tensor.js';
import { type Executor } from '../executor.js';
import { type NextToken, type PassItem, type RunSlopes } from '../model-engine.js';
import { layerTargets, loraShapes } from '../models/adapter-modules.js';
import { modelParameters } from '../models/model-parameters.js';
import { RandomStream } from '../numerics/random.js';
import { type LocalModel } from './local-model.js';
import { loraFeeds } from './live-adapter.js';
import { ModelRuntime } from './model-runtime.js';
import { AdapterStacks } from './passes/adapter-stacks.js';
import { LocalRun } from './passes/local-run.js';
import { PassMemory } from './passes/pass-memory.js';
import { LocalItem } from './passes/pass-part.js';
import { planRuns } from './passes/run-plan.js';
import { Sequences } from './sequences/sequences.js';

interface CheckedRequest {
  readonly rank: number;
  readonly lengths: readonly number[];
  /** A LoRA on the vocabulary and on one linear of a layer, instead of one on all linears of the layer. */
  readonly onVocabulary?: boolean;
}

/** What the check computes: requests whose sums are cut into blocks, of adapters that share a run two by two. */
const REQUESTS: readonly CheckedRequest[] = [
  { rank: 4, lengths: [3] },
  { rank: 16, lengths: [40, 21], onVocabulary: true },
  { rank: 20, lengths: [70] },
  { rank: 32, lengths: [33, 9] },
];
/**
 * Tokens of the vocabulary, the first ones. Each program packs the vocabulary's weights eight times, which for all tokens
 * would take most of the check's time, and sums over more of them go on in blocks of the same size.
 */
const VOCABULARY = 4096;
/** Tokens of a sequence with the adapter of each request; sums over more than 256 keys are cut into blocks. */
const SEQUENCES = [300, 20, 40, 7];
/** Tokens of each that are decoded one by one. */
const DECODED = 3;
/** One position of this number is scored. */
const SCORED = 16;

/**
 * Does company change a bit of what a request gets on this processor? Tries it with the shapes and weights of the model's
 * first layer and of the first tokens of its vocabulary: requests of several adapters in shared runs, and each alone. That
 * takes 0.6 s on two cores for the 135M shape.
 */
export async function batchingIsExact(model: LocalModel, executor: Executor): Promise<boolean> {
  const { name, config, weights } = cut(model);
  const runtime = new ModelRuntime(name, config, weights, executor);
  try {
    return (await passesShareExactly(runtime)) && (await sequencesShareExactly(runtime));
  } finally {
    await runtime.release();
  }
}

/** The model with its first layer alone, and the first tokens of its vocabulary. */
function cut({ name, weights, ...model }: LocalModel): LocalModel {
  const config = { ...model.config, layerCount: 1, vocabSize: Math.min(VOCABULARY, model.config.vocabSize) };
  const tensors = [...modelParameters(config)].map(([parameter, shape]) => {
    const { byteOffset } = weights.tensors.get(parameter)!;
    return [parameter, { byteOffset, shape }] as const;
  });
  return { name, config, weights: { ...weights, tensors: new Map(tensors) } };
}

async function passesShareExactly(runtime: ModelRuntime): Promise<boolean> {
  const together = await resultsOf(runtime, [...REQUESTS.keys()]);
  for (const which of REQUESTS.keys()) {
    const [alone] = await resultsOf(runtime, [which]);
    if (!sameBits(together[which]!, alone!)) return false;
  }
  return true;
}

/** Sequences that read and decode together, against each that reads all its tokens at once. */
async function sequencesShareExactly(runtime: ModelRuntime): Promise<boolean> {
  const all = SEQUENCES.map((length, request) => ({
    weights: itemOf(runtime, request).weights,
    tokens: Int32Array.from({ length }, (_, i) => (request * 7919 + i * 104_729) % runtime.config.vocabSize),
  }));
  const company = new Sequences(() => true);
  const open = all.map(({ weights, tokens }) => ({ sequence: company.open(weights), tokens }));
  await company.advance(open.map(({ sequence, tokens }) => ({ sequence, tokens: tokens.subarray(0, -DECODED) })));
  let together: readonly (readonly NextToken[])[] = [];
  for (let left = DECODED; left > 0; left--) {
    const next = (tokens: Int32Array) => tokens.slice(tokens.length - left, tokens.length - left + 1);
    together = await company.advance(open.map(({ sequence, tokens }) => ({ sequence, tokens: next(tokens) })));
  }
  for (const [i, { weights, tokens }] of all.entries()) {
    const single = new Sequences(() => true);
    const [alone] = await single.advance([{ sequence: single.open(weights), tokens }]);
    if (!sameBits(numbersOf(together[i]!), numbersOf(alone!))) return false;
  }
  return true;
}

function numbersOf(next: readonly NextToken[]): Float32Array[] {
  return next.flatMap(({ logits, logSum }) => [logits, Float32Array.of(logSum)]);
}

/** Log-probs and gradients of requests in one pass, by request. */
async function resultsOf(runtime: ModelRuntime, which: readonly number[]): Promise<readonly Float32Array[][]> {
  const items = which.map((request) => itemOf(runtime, request));
  const kept = { saved: new PassMemory(), gradients: new PassMemory(), stacks: new AdapterStacks() };
  const logprobs = new Map<LocalItem, Float32Array[]>();
  for (const members of planRuns(items, { tokens: Infinity, memoryBytes: Infinity })) {
    const found = await new LocalRun(members, kept).fused(members.map(({ part }) => slopesOf(part.scored.length)));
    members.forEach(({ item }, i) => logprobs.set(item, [...(logprobs.get(item) ?? []), found[i]!]));
  }
  return items.map((item) => [...logprobs.get(item)!, ...[...item.finish()!.values()].map(({ data }) => data)]);
}

function itemOf(runtime: ModelRuntime, request: number): LocalItem {
  const { config } = runtime;
  const { rank, lengths, onVocabulary = false } = REQUESTS[request]!;
  const ofLayer = layerTargets(config);
  const targetModules = onVocabulary ? ([ofLayer.at(-1)!, 'lm_head'] as const) : ofLayer;
  const lora: LoraSpec = { ...DEFAULT_LORA, rank, targetModules, seed: request };
  const weights: AdapterTensors = new Map(
    [...loraShapes(config, lora)].map(([name, shape]) => [name, { shape, data: uniform(`${request}/${name}`, shape) }]),
  );
  const offsets = offsetsOf(lengths);
  const count = offsets.at(-1)!;
  const tokens = Int32Array.from({ length: count }, (_, i) => (request * 7919 + i * 104_729) % config.vocabSize);
  const item: PassItem = {
    weights: { kind: 'adapter', id: `${request}` },
    train: true,
    tokens: { data: tokens, offsets, trailingShape: [] },
    targets: { data: tokens.toReversed(), offsets, trailingShape: [] },
    scored: Uint8Array.from(tokens, (_, i) => Number(i % SCORED === 0)),
  };
  const adapter = { lora, weights, feeds: loraFeeds(lora, weights), passes: 0 };
  return new LocalItem(item, { runtime, adapter }, Infinity);
}

/** Random numbers of the size of trained ones. */
function uniform(label: string, [rows, columns]: readonly [number, number]): Float32Array {
  const values = new Float32Array(rows * columns);
  new RandomStream(0, label).fillUniform(values);
  return values.map((value) => (2 * value - 1) / Math.sqrt(columns));
}

function slopesOf(count: number): RunSlopes {
  const numbers = (of: (i: number) => number) => Float32Array.from({ length: count }, (_, i) => of(i));
  return {
    terms: { policy: 'ratio', low: 0, high: 1e30, beta: 0 },
    weights: numbers((i) => 1 + 0.5 * Math.sin(i)),
    samplerLogprobs: numbers((i) => -10 + Math.cos(i)),
    advantages: numbers((i) => Math.sin(3 * i + 1)),
  };
}

function sameBits(one: readonly Float32Array[], other: readonly Float32Array[]): boolean {
  const bits = (data: Float32Array) => new Uint32Array(data.buffer, data.byteOffset, data.length);
  return one.every((data, i) => {
    const theirs = bits(other[i]!);
    return bits(data).every((value, at) => value === theirs[at]);
  });
}
