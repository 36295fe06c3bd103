import { offsetsOf, type RaggedTensor } from '../domain/ragged-tensor.js';
import { type LossInputSpec, type LossMetadata } from './loss-function.js';

/*
 * Small batches generated from the declared inputs of a loss, to test it with. The numbers follow from the names of the inputs,
 * or from `sample` where an input has one, and are the same every time.
 */

export interface SampleBatch {
  /** Between -3.1 and -0.1; [N], or [N, 2] in the last batch of a loss that takes several targets. */
  readonly logprobs: RaggedTensor<Float32Array>;
  readonly inputs: Readonly<Record<string, RaggedTensor>>;
}

/** Lengths of the datums: two pairs, of unequal lengths. */
const LENGTHS = [3, 2, 4, 1];

/** What sets the batches apart: weights and advantages of 0, advantages of both signs, two targets per position. */
const BATCHES = [{}, { zeros: true }, { signs: true }, { signs: true, wide: true }];
type Kind = (typeof BATCHES)[number];

export function sampleBatches({ inputs, multipleTargets = false }: LossMetadata): SampleBatch[] {
  return BATCHES.map((kind, i) => {
    const random = generator(i + 1);
    const perToken = layout(LENGTHS, kind.wide && multipleTargets ? 2 : 1);
    const perDatum = layout(LENGTHS.map(() => 1));
    const logprobs = floats(perToken, () => -0.1 - 3 * random());
    const madeUp = inputs.map((spec): [string, RaggedTensor] => {
      const { name, per, dtype, sample } = spec;
      const value = sample ? (i: number) => sample[i % sample.length]! : guess(spec, logprobs.data, kind, random);
      const made = floats(per === 'datum' ? perDatum : perToken, value);
      return [name, dtype === 'int' ? { ...made, data: Int32Array.from(made.data) } : made];
    });
    return { logprobs, inputs: Object.fromEntries(madeUp) };
  });
}

type Layout = Omit<RaggedTensor, 'data'>;

function layout(lengths: readonly number[], width = 1): Layout {
  return { offsets: offsetsOf(lengths), trailingShape: width === 1 ? [] : [width] };
}

function floats(shape: Layout, value: (i: number) => number): RaggedTensor<Float32Array> {
  const length = shape.offsets.at(-1)! * (shape.trailingShape[0] ?? 1);
  return { ...shape, data: Float32Array.from({ length }, (_, i) => value(i)) };
}

/** Numbers as inputs of such a name have them: which ones exactly does not matter. */
function guess({ name, per, dtype }: LossInputSpec, logprobs: Float32Array, kind: Kind, random: () => number) {
  if (per === 'datum') return /chosen|positive|prefer|label|win/i.test(name) ? firstOfPair : pair;
  if (dtype === 'int') return () => 1;
  if (name.includes('logprob')) return (i: number) => logprobs[i]! + 0.4 * (random() - 0.5);
  const isAdvantage = /advantage|reward|return/i.test(name);
  return (i: number) => {
    const size = 0.2 + random();
    if (kind.zeros && i % 5 === 1 && (isAdvantage || /weight|mask/i.test(name))) return 0;
    return kind.signs && isAdvantage && random() < 0.5 ? -size : size;
  };
}

/** 0 0 1 1 */
const pair = (i: number): number => Math.floor(i / 2);
/** 1 0 1 0 */
const firstOfPair = (i: number): number => 1 - (i % 2);

/** Numbers in [0, 1), by a linear congruential generator (Numerical Recipes, 2nd edition, 7.1). */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
