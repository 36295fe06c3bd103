import { describe, expect, it } from 'vitest';
import { offsetsOf } from '../../domain/ragged-tensor.js';
import { type PassItem, type RunPart } from '../model-engine.js';
import { WireArray } from './frames/frame-codec.js';
import { DeviceMemoryError } from './torch.errors.js';
import { type PassCalls, TorchPass } from './torch-pass.js';

const LENGTHS = [3, 1, 2];
const offsets = offsetsOf(LENGTHS);
const rows = { data: Int32Array.from({ length: 6 }, (_, i) => i), offsets, trailingShape: [] };
const item: PassItem = {
  weights: { kind: 'adapter', id: 'a' },
  train: true,
  tokens: rows,
  targets: rows,
  // The second position of datum 0 is not scored.
  scored: Uint8Array.of(1, 0, 1, 1, 1, 1),
};
const TERMS = { policy: 'weights', low: 0, high: 0, beta: 0 } as const;

/** Log-probs are 100 * item + position; a call with more than `room` datums lacks memory. */
class Ranks implements PassCalls {
  readonly log: string[] = [];
  private last: readonly RunPart[] = [];

  constructor(
    public room: number,
    private readonly limited: 'all' | 'backward' = 'all',
  ) {}

  async forward(parts: readonly RunPart[]) {
    this.enter('forward', parts, this.limited === 'all');
    this.last = parts;
    return parts.map(({ item, datums }) => datums.map((datum) => logprobsOf(item, datum)));
  }

  async backward(dLogprobs: readonly Float32Array[]) {
    this.enter('backward', this.last, true);
    this.log.push(`slopes ${dLogprobs.map((slopes) => slopes.join(' ')).join(' | ')}`);
  }

  async fused(parts: readonly RunPart[], slopes: Parameters<PassCalls['fused']>[1]) {
    const found = await this.forward(parts);
    this.log.push(`slopes ${slopes.map(({ weights }) => weights.join(' ')).join(' | ')}`);
    return found;
  }

  private enter(name: string, parts: readonly RunPart[], isLimited: boolean): void {
    const datums = parts.map((part) => `${part.item}:${part.datums.join()}`).join(' ');
    const lacks = isLimited && parts.reduce((sum, part) => sum + part.datums.length, 0) > this.room;
    this.log.push(`${name} ${datums}${lacks ? ' lacks memory' : ''}`);
    if (lacks) throw new DeviceMemoryError('full');
  }
}

function logprobsOf(itemIndex: number, datum: number): WireArray<Float32Array> {
  const positions = Array.from({ length: LENGTHS[datum]! }, (_, i) => offsets[datum]! + i);
  return new WireArray(
    Float32Array.from(
      positions.filter((at) => item.scored[at] === 1),
      (at) => 100 * itemIndex + at,
    ),
  );
}

const PARTS = [
  { item: 0, datums: [0, 2, 1] },
  { item: 1, datums: [0] },
];
const LOGPROBS = [
  [0, 2, 4, 5, 3],
  [100, 102],
];
const SLOPES = [Float32Array.of(1, 2, 3, 4, 5), Float32Array.of(6, 7)];

const passOn = (ranks: Ranks) => new TorchPass([item, item], [{ parts: PARTS }], ranks);
const plain = (found: readonly Float32Array[]) => found.map((part) => [...part]);

describe('a pass on the ranks', () => {
  it('makes a run in one call, and its backward without another forward', async () => {
    const ranks = new Ranks(4);
    const pass = passOn(ranks);
    expect(plain(await pass.forward(0))).toEqual(LOGPROBS);
    await pass.backward(0, SLOPES);
    expect(ranks.log).toEqual(['forward 0:0,2,1 1:0', 'backward 0:0,2,1 1:0', 'slopes 1 2 3 4 5 | 6 7']);
  });

  it('halves a run that lacks memory, and keeps to that', async () => {
    const ranks = new Ranks(2);
    const pass = passOn(ranks);
    expect(plain(await pass.forward(0))).toEqual(LOGPROBS);
    expect(ranks.log.splice(0)).toEqual(['forward 0:0,2,1 1:0 lacks memory', 'forward 0:0,2', 'forward 0:1 1:0']);
    await pass.backward(0, SLOPES);
    expect(ranks.log.splice(0)).toEqual([
      'forward 0:0,2',
      'backward 0:0,2',
      'slopes 1 2 3 4',
      'forward 0:1 1:0',
      'backward 0:1 1:0',
      'slopes 5 | 6 7',
    ]);
    ranks.room = 1;
    expect(plain(await pass.forward(0))).toEqual(LOGPROBS);
    expect(ranks.log.filter((line) => !line.includes('lacks'))).toEqual([
      'forward 0:0',
      'forward 0:2',
      'forward 0:1',
      'forward 1:0',
    ]);
  });

  it('makes the forward again for the halves of a backward that lacks memory', async () => {
    const ranks = new Ranks(2, 'backward');
    const pass = passOn(ranks);
    await pass.forward(0);
    await pass.backward(0, SLOPES);
    expect(ranks.log).toEqual([
      'forward 0:0,2,1 1:0',
      'backward 0:0,2,1 1:0 lacks memory',
      'forward 0:0,2',
      'backward 0:0,2',
      'slopes 1 2 3 4',
      'forward 0:1 1:0',
      'backward 0:1 1:0',
      'slopes 5 | 6 7',
    ]);
  });

  it('divides the slopes of a formula with the run', async () => {
    const ranks = new Ranks(1);
    const slopes = SLOPES.map((weights) => ({ terms: TERMS, weights, samplerLogprobs: weights, advantages: weights }));
    expect(plain(await passOn(ranks).fused(0, slopes))).toEqual(LOGPROBS);
    expect(ranks.log.filter((line) => line.startsWith('slopes'))).toEqual([
      'slopes 1 2',
      'slopes 3 4',
      'slopes 5',
      'slopes 6 7',
    ]);
  });

  it('names the datum that takes more than the memory alone', async () => {
    await expect(passOn(new Ranks(0)).forward(0)).rejects.toMatchObject({
      code: 'sequence_exceeds_memory',
      category: 'user',
      message: 'data[0] has 3 tokens, for which the device has too little memory.',
    });
  });
});
