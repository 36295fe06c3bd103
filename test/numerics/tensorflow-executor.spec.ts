import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Executor } from '../../src/compute/executor.js';
import { type HostTensor, hostTensor, type Program } from '../../src/compute/graph/program.js';
import { runSlopes } from '../../src/compute/host/passes/run-slopes.js';
import { scoredPositions } from '../../src/compute/host/passes/scored-rows.js';
import { slopeFeeds } from '../../src/compute/local/passes/run-feeds.js';
import { MASKED, PositionTables } from '../../src/compute/local/position-tables.js';
import { RandomStream } from '../../src/compute/numerics/random.js';
import { type WeightFile } from '../../src/compute/weight-file.js';
import { generationProgram } from '../../src/compute/models/generation-graph.js';
import { LORA_SCALE } from '../../src/compute/models/lora-linears.js';
import { COEFFICIENTS, forwardProgram, LOGPROBS, trainingPrograms } from '../../src/compute/models/training-graph.js';
import { planProgram } from '../../src/compute/tensorflow/program-plan.js';
import { TARGET_MODULES } from '../../src/domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../../src/domain/model/transformer-config.js';
import { ONNXRUNTIME, TENSORFLOW_EXECUTORS } from '../support/engines/executors.js';
import { packedRun } from '../support/engines/packed-run.js';
import { floats, integers } from '../support/models/ragged-builders.js';
import { relativeDistance } from '../support/models/reference-fixtures.js';
import { PpoLoss } from '../../src/losses/functions/ppo.loss.js';

/*
 * Both executors run the same graph, in float32, and differ in the order of sums and in how exp and rsqrt round; over
 * two layers that is seen to stay below 3e-6. Ten times that leaves room for other machines' instruction sets and is far
 * below what any mistake in an operation does.
 */
const TOLERANCE = 3e-5;

const base: TransformerConfig = {
  family: 'llama',
  vocabSize: 23,
  hiddenSize: 16,
  intermediateSize: 24,
  layerCount: 2,
  headCount: 4,
  kvHeadCount: 2,
  headDim: 6,
  rmsNormEps: 1e-5,
  contextLength: 64,
  tiedEmbeddings: true,
  rope: { theta: 10_000, scaling: null },
};
const configs: readonly { readonly name: string; readonly config: TransformerConfig }[] = [
  { name: 'tied, grouped queries', config: base },
  { name: 'biases', config: { ...base, family: 'qwen2', tiedEmbeddings: false } },
  { name: 'norms on q and k', config: { ...base, family: 'qwen3' } },
];

type Feeds = ReadonlyMap<string, HostTensor>;
type Outputs = ReadonlyMap<string, HostTensor<Float32Array>>;

const targets = new Set(TARGET_MODULES);
const RANK = 3;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-executors-'));
});
afterAll(() => rm(folder, { recursive: true }));

function randomNumbers(label: string, length: number, scale: number): Float32Array {
  const stream = new RandomStream(5, label);
  return Float32Array.from({ length }, (_, i) => scale * (2 * stream.uniform(i) - 1));
}

/** A weight file with every weight that the program reads. */
async function randomWeights(name: string, program: Program): Promise<WeightFile> {
  const tensors = new Map<string, { byteOffset: number; shape: number[] }>();
  const parts: Float32Array[] = [];
  let length = 0;
  for (const [weight, { shape }] of planProgram(program).weights) {
    const sizes = shape as number[];
    const count = sizes.reduce((product, size) => product * size, 1);
    tensors.set(weight, { byteOffset: length * 4, shape: sizes });
    // Norm weights around 1; others so that what they multiply keeps its size.
    const values = randomNumbers(weight, count, 1.5 / Math.sqrt(sizes.at(-1)!));
    parts.push(weight.includes('norm') ? values.map((value) => 1 + value) : values);
    length += count;
  }
  const all = new Float32Array(length);
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  const path = join(folder, `${name.replaceAll(/\W+/g, '-')}.f32`);
  await writeFile(path, new Uint8Array(all.buffer));
  return { path, tensors, parameterCount: length };
}

/** Random A and B for every LoRA input of a program. */
function loraFeeds(program: Program): [string, HostTensor][] {
  const lora = [...program.inputs].filter(([name]) => /lora_[AB]/.test(name));
  return [
    [LORA_SCALE, hostTensor(Float32Array.of(0.7), [1, 1])],
    ...lora.map(([name, { shape }]): [string, HostTensor] => {
      const sizes = shape.map((dim) => (dim === 'R' ? RANK : (dim as number)));
      return [name, hostTensor(randomNumbers(name, sizes[0]! * sizes[1]!, 0.4), sizes)];
    }),
  ];
}

/** Three ragged sequences with some positions unscored, PPO's coefficients. */
function trainingFeeds(config: TransformerConfig, program: Program): Feeds {
  const batch = {
    tokens: integers([1, 5, 9, 22, 3], [7], [4, 4, 2]),
    lossInputs: {
      target_tokens: integers([5, 9, 22, 3, 0], [8], [4, 2, 11]),
      weights: floats([1, 0, 1, 1, 0.5], [1], [1, -1, 1]),
      logprobs: floats([-3, -2, -3, -4, -2], [-3], [-1, -3, -2]),
      advantages: floats([1, 1, -1, 0.5, 2], [-1], [1, 1, -2]),
    },
  };
  const { tokens, lossInputs } = batch;
  const scored = Uint8Array.of(1, 0, 1, 1, 1, 1, 1, 1, 1);
  const item = { tokens, targets: lossInputs.target_tokens, scored };
  const packed = packedRun(item, [0, 1, 2], new PositionTables(config));
  const terms = { policy: 'ratio', low: 0.2, high: 4, beta: 0.1 } as const;
  const slopes = runSlopes(new PpoLoss(), terms, batch, scoredPositions(tokens, scored, [0, 1, 2]));
  return new Map([...packed.feeds, ...slopeFeeds(packed, [slopes]), ...loraFeeds(program)]);
}

/** One step of generation: `count` new tokens of two sequences after the first `length` positions of the cache. */
function generationFeeds(config: TransformerConfig, program: Program, capacity: number, length: number, count: number) {
  const { kvHeadCount, headDim } = config;
  const tables = new PositionTables(config);
  const rows = Array.from({ length: 2 * count }, (_, i) => ({ sequence: Math.floor(i / count), offset: i % count }));
  const heads = Array.from({ length: kvHeadCount }, (_, head) => head);
  const positions = rows.map(({ offset }) => length + offset);
  const written = rows.flatMap(({ sequence, offset }) => heads.flatMap((head) => [sequence, head, length + offset]));
  const padIndex = [0, 1].flatMap((sequence) =>
    heads.flatMap((head) => rows.slice(0, count).map(({ offset }) => (sequence * count + offset) * kvHeadCount + head)),
  );
  const validIndex = rows.flatMap(({ sequence, offset }) =>
    heads.map((head) => (sequence * kvHeadCount + head) * count + offset),
  );
  const mask = rows.flatMap(({ offset }) =>
    Array.from({ length: capacity }, (_, at) => (at <= length + offset ? 0 : MASKED)),
  );
  const past = [...program.inputs].filter(([name]) => name.startsWith('past.'));
  const ints = (values: readonly number[], shape: readonly number[]) => hostTensor(Int32Array.from(values), shape);
  const longs = (values: readonly number[], shape: readonly number[]) =>
    hostTensor(BigInt64Array.from(values, BigInt), shape);
  return new Map<string, HostTensor>([
    ...loraFeeds(program),
    ...past.map(([name]): [string, HostTensor] => {
      const shape = [2, kvHeadCount, capacity, headDim];
      return [name, hostTensor(randomNumbers(name, 2 * kvHeadCount * capacity * headDim, 1), shape)];
    }),
    ...tables.rotary(length + count),
    [
      'tokens',
      ints(
        rows.map((_, i) => (7 * i) % config.vocabSize),
        [rows.length],
      ),
    ],
    ['positions', longs(positions, [rows.length, 1])],
    ['written', longs(written, [rows.length, kvHeadCount, 3])],
    ['padIndex', ints(padIndex, [2, kvHeadCount, count])],
    ['validIndex', ints(validIndex, [validIndex.length])],
    ['mask', hostTensor(Float32Array.from(mask), [2, 1, count, 1, capacity])],
    ['last', ints([count - 1, 2 * count - 1], [2])],
  ]);
}

async function runOnce(executor: Executor, program: Program, weights: WeightFile, feeds: Feeds): Promise<Outputs> {
  const compiled = await executor.compile('test', program, weights);
  try {
    return await compiled.run(feeds);
  } finally {
    await compiled.release();
  }
}

function expectSame(actual: Outputs, expected: Outputs): void {
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { shape, data }] of expected) {
    expect(actual.get(name)!.shape, name).toEqual(shape.map(Number));
    expect(
      data.some((value) => value !== 0),
      `${name} of the reference is not all zeros`,
    ).toBe(true);
    expect(relativeDistance(actual.get(name)!.data, data), name).toBeLessThan(TOLERANCE);
  }
}

describe.each(TENSORFLOW_EXECUTORS)('$name against onnxruntime', (tested) => {
  describe.skipIf(tested.missing)('same results', () => {
    let tensorflow: Executor;
    let onnxruntime: Executor;
    beforeAll(async () => {
      [tensorflow, onnxruntime] = await Promise.all([tested.create(), ONNXRUNTIME.create()]);
    });
    afterAll(() => Promise.all([tensorflow.dispose(), onnxruntime.dispose()]));

    it('says what it is', () => {
      expect([tensorflow.name, tensorflow.device]).toEqual(['tensorflow', 'cpu']);
    });

    it.each(configs)('log-probs without and with an adapter, $name', async ({ name, config }) => {
      for (const adapted of [new Set<never>(), targets]) {
        const program = forwardProgram({ config, targets: adapted });
        const weights = await randomWeights(name, program);
        const feeds = trainingFeeds(config, program);
        const expected = await runOnce(onnxruntime, program, weights, feeds);
        expectSame(await runOnce(tensorflow, program, weights, feeds), expected);
      }
    });

    it.each(configs)('fused and split training, $name', async ({ name, config }) => {
      const { fused, splitForward, splitBackward } = trainingPrograms({ config, targets, dropout: false });
      const weights = await randomWeights(name, fused);
      const feeds = trainingFeeds(config, fused);
      const expected = await runOnce(onnxruntime, fused, weights, feeds);
      expectSame(await runOnce(tensorflow, fused, weights, feeds), expected);

      // Not the saved tensors themselves: their padding has no meaning.
      const split = async (executor: Executor): Promise<Outputs> => {
        const saved = await runOnce(executor, splitForward, weights, feeds);
        const { data, shape } = saved.get(LOGPROBS)!;
        const coefficients = hostTensor(randomNumbers('coefficients', data.length, 1), shape);
        const more = new Map([...feeds, ...saved, [COEFFICIENTS, coefficients] as const]);
        const gradients = await runOnce(executor, splitBackward, weights, more);
        return new Map([[LOGPROBS, saved.get(LOGPROBS)!], ...gradients]);
      };
      expectSame(await split(tensorflow), await split(onnxruntime));
    });

    it('training with dropout masks', async () => {
      const { fused } = trainingPrograms({ config: base, targets, dropout: true });
      const weights = await randomWeights('dropout', fused);
      const feeds = new Map(trainingFeeds(base, fused));
      const sizes: Record<string, number> = { T: feeds.get('tokens')!.shape[0]!, N: feeds.get('rows')!.shape[0]! };
      for (const [input, { shape }] of fused.inputs) {
        if (!input.startsWith('dropout.')) continue;
        const [rows, columns] = [sizes[shape[0]!]!, shape[1] as number];
        const mask = randomNumbers(input, rows * columns, 1).map((value) => (value > -0.6 ? 1.25 : 0));
        feeds.set(input, hostTensor(mask, [rows, columns]));
      }
      const expected = await runOnce(onnxruntime, fused, weights, feeds);
      expectSame(await runOnce(tensorflow, fused, weights, feeds), expected);
    });

    it.each(configs)('prefill and decoding, $name', async ({ name, config }) => {
      const program = generationProgram(config, targets);
      const weights = await randomWeights(name, program);
      for (const [capacity, length, count] of [
        [5, 0, 5],
        [8, 0, 5],
        [8, 6, 1],
      ] as const) {
        const feeds = generationFeeds(config, program, capacity, length, count);
        const expected = await runOnce(onnxruntime, program, weights, feeds);
        expectSame(await runOnce(tensorflow, program, weights, feeds), expected);
      }
    });

    it('is bit-identical when run again, and leaves what it was fed alone', async () => {
      const { fused } = trainingPrograms({ config: base, targets, dropout: false });
      const feeds = trainingFeeds(base, fused);
      const before = structuredClone(feeds);
      const compiled = await tensorflow.compile('test', fused, await randomWeights('again', fused));
      const first = await compiled.run(feeds);
      expect(await compiled.run(feeds)).toEqual(first);
      expect(feeds).toEqual(before);
      await compiled.release();
    });
  });
});
