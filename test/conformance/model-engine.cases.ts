import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ModelEngine,
  type NextToken,
  type PassItem,
  type SequenceStep,
  type WeightsRef,
} from '../../src/compute/model-engine.js';
import { freshState } from '../../src/compute/numerics/adapter-tensors.js';
import { initialLoraWeights } from '../../src/compute/numerics/lora-init.js';
import { TokenSampler } from '../../src/compute/numerics/token-sampler.js';
import { type AdapterTensors } from '../../src/domain/adapter/adapter-state.js';
import { DEFAULT_ADAM } from '../../src/domain/adapter/adam-params.js';
import { DEFAULT_LORA, type LoraSpec } from '../../src/domain/adapter/lora-spec.js';
import { relativeDistance } from '../support/models/reference-fixtures.js';
import { integers } from '../support/models/ragged-builders.js';

/*
 * The contract of the lower port, for every engine. Numbers are compared bit for bit where the same work is done twice:
 * an engine that runs items or sequences together must give each what it gets alone.
 */

export interface EngineSubject {
  readonly engine: ModelEngine;
  /** A base model with more than 89 tokens in its vocabulary. */
  readonly baseModel: string;
  close(): Promise<void>;
}

interface EngineCase {
  readonly name: string;
  /** Compares what a text gets that is read in different pieces. */
  readonly comparesPieces?: boolean;
  readonly run: (subject: EngineSubject) => Promise<void>;
}

const LORAS: Readonly<Record<string, LoraSpec>> = {
  a: { ...DEFAULT_LORA, rank: 4, seed: 1 },
  b: { ...DEFAULT_LORA, rank: 2, alpha: 3, targetModules: ['o_proj', 'up_proj'], seed: 2, dropout: 0.25 },
};

function itemOf(weights: WeightsRef, seed: number, { train = true } = {}): PassItem {
  const tokens = (length: number) => Array.from({ length }, (_, i) => 3 + ((seed * 31 + i * i * 7) % 80));
  const targets = integers(tokens(5).reverse(), tokens(3).reverse());
  return {
    weights,
    train,
    tokens: integers(tokens(5), tokens(3)),
    targets,
    scored: Uint8Array.of(1, 0, 1, 1, 1, 1, 1, 0),
  };
}
const adapterRef = (id: string): WeightsRef => ({ kind: 'adapter', id });

/** Makes adapters a and b, whose B matrices are not zero. */
async function makeAdapters({ engine, baseModel }: EngineSubject): Promise<void> {
  const { config } = engine.capabilities.models.find(({ name }) => name === baseModel)!;
  for (const [id, lora] of Object.entries(LORAS)) {
    const weights = [...initialLoraWeights(config, lora)].map(([name, { shape, data }], which) => {
      return [name, { shape, data: data.map((value, i) => value + 0.05 * Math.sin(i + which)) }] as const;
    });
    await engine.createAdapter({ id, baseModel, lora }, freshState(new Map(weights)));
  }
}

/** Forward, and backward with slopes of -1, -2, ...; keeps the gradients of the items named. */
async function pass(engine: ModelEngine, items: readonly PassItem[], kept: readonly number[] = []) {
  const { id, runs } = await engine.openPass(items);
  const logprobs: number[][] = items.map(() => []);
  for (const [run, { parts }] of runs.entries()) {
    const found = await engine.forward(id, run);
    parts.forEach(({ item }, part) => logprobs[item]!.push(...found[part]!));
    if (kept.length > 0)
      await engine.backward(
        id,
        run,
        found.map((part) => part.map((_, i) => -1 - i)),
      );
  }
  for (const item of kept) await engine.keepGradients(id, item);
  await engine.closePass(id);
  return logprobs;
}

async function gradientsOf(engine: ModelEngine, id: string): Promise<AdapterTensors | null> {
  return (await engine.exportState(id)).gradients;
}

const training: readonly EngineCase[] = [
  {
    name: 'gives the items of a pass what each gets alone',
    run: async (subject) => {
      const { engine, baseModel } = subject;
      const items = [itemOf(adapterRef('a'), 1), itemOf(adapterRef('b'), 2)];
      const alone = [];
      for (const item of items) alone.push(...(await pass(engine, [item], [0])));
      const gradients = [await gradientsOf(engine, 'a'), await gradientsOf(engine, 'b')];
      await makeAdapters(subject);
      expect(await pass(engine, items, [0, 1])).toEqual(alone);
      expect([await gradientsOf(engine, 'a'), await gradientsOf(engine, 'b')]).toEqual(gradients);
      const read = [adapterRef('b'), { kind: 'base', baseModel } as const, adapterRef('a')].map((weights, seed) =>
        itemOf(weights, seed, { train: false }),
      );
      const readAlone = [];
      for (const item of read) readAlone.push(...(await pass(engine, [item])));
      expect(await pass(engine, read)).toEqual(readAlone);
    },
  },
  {
    name: 'refuses an item that cannot run, and runs the others',
    run: async ({ engine }) => {
      const good = itemOf(adapterRef('a'), 1, { train: false });
      const bad = itemOf({ kind: 'weights', id: 'nobody' }, 2, { train: false });
      const { id, runs, refused } = await engine.openPass([bad, good]);
      expect(refused).toMatchObject([{ item: 0, error: { code: 'weights_unknown' } }]);
      expect(runs.flatMap(({ parts }) => parts.map(({ item }) => item))).toEqual([1]);
      const [logprobs] = await engine.forward(id, 0);
      await engine.closePass(id);
      expect([[...logprobs!]]).toEqual(await pass(engine, [good]));
    },
  },
  {
    name: 'adds no gradients that are not kept',
    run: async ({ engine }) => {
      await pass(engine, [itemOf(adapterRef('a'), 1), itemOf(adapterRef('b'), 2)], [1]);
      expect(await gradientsOf(engine, 'a')).toBeNull();
      expect((await engine.exportState('a')).passes).toBe(0);
      expect((await engine.exportState('b')).passes).toBe(1);
      expect(await engine.dropGradients('b')).toBe(1);
    },
  },
  {
    name: 'refuses gradients that are not finite, and keeps those of the other items',
    run: async ({ engine }) => {
      const { id, runs } = await engine.openPass([itemOf(adapterRef('a'), 1), itemOf(adapterRef('b'), 2)]);
      for (const [run, { parts }] of runs.entries()) {
        const found = await engine.forward(id, run);
        const slopes = found.map((part, i) => new Float32Array(part.length).fill(parts[i]!.item === 0 ? NaN : 1));
        await engine.backward(id, run, slopes);
      }
      await expect(engine.keepGradients(id, 0)).rejects.toMatchObject({ code: 'non_finite_loss' });
      await engine.keepGradients(id, 1);
      await engine.closePass(id);
      expect(await gradientsOf(engine, 'a')).toBeNull();
      expect(await gradientsOf(engine, 'b')).not.toBeNull();
    },
  },
  {
    name: 'runs a pass with the weights of when it was opened',
    run: async ({ engine }) => {
      const item = itemOf(adapterRef('a'), 1);
      const [before] = await pass(engine, [item], [0]);
      const { id } = await engine.openPass([item]);
      await engine.step('a', DEFAULT_ADAM);
      expect([...(await engine.forward(id, 0))[0]!]).toEqual(before);
      await engine.closePass(id);
      expect((await pass(engine, [item]))[0]).not.toEqual(before);
    },
  },
  {
    name: 'makes a run again with the same bits, dropout and all',
    run: async ({ engine }) => {
      const { id } = await engine.openPass([itemOf(adapterRef('b'), 2)]);
      const first = [...(await engine.forward(id, 0))[0]!];
      expect([...(await engine.forward(id, 0))[0]!]).toEqual(first);
      await engine.closePass(id);
    },
  },
  {
    name: 'computes slopes that it knows as the caller does',
    run: async ({ engine }) => {
      const item = itemOf(adapterRef('a'), 1);
      await pass(engine, [item], [0]);
      const split = (await gradientsOf(engine, 'a'))!;
      await engine.dropGradients('a');
      const { id } = await engine.openPass([item]);
      const terms = { policy: 'weights', low: 0, high: 0, beta: 0 } as const;
      const weights = Float32Array.from({ length: 6 }, (_, i) => 1 + i);
      const zeros = new Float32Array(6);
      const slopes = { terms, weights, samplerLogprobs: zeros, advantages: zeros };
      const known = await engine.fused(id, 0, [slopes]);
      if (known) await engine.keepGradients(id, 0);
      await engine.closePass(id);
      if (!known) return;
      const fused = (await gradientsOf(engine, 'a'))!;
      for (const [name, { data }] of split) {
        expect(relativeDistance([...fused.get(name)!.data], [...data]), name).toBeLessThan(1e-5);
      }
    },
  },
  {
    name: 'has no runs where nothing is scored; the adapter then has gradients of zero',
    run: async ({ engine }) => {
      const item = { ...itemOf(adapterRef('a'), 1), scored: new Uint8Array(8) };
      const { id, runs } = await engine.openPass([item]);
      expect(runs).toEqual([]);
      await engine.keepGradients(id, 0);
      await engine.closePass(id);
      for (const { data } of (await gradientsOf(engine, 'a'))!.values()) expect(data.every((g) => g === 0)).toBe(true);
    },
  },
];

const tokens = (length: number, seed = 1) => Int32Array.from({ length }, (_, i) => 3 + ((seed * 17 + i * 5) % 80));

/** As plain numbers, to be compared. */
const plain = ({ logits, logSum }: NextToken) => ({ logits: [...logits], logSum });

/** What comes after the last token of each step. */
async function advance(engine: ModelEngine, steps: readonly SequenceStep[]) {
  return (await engine.advance(steps)).map(([next]) => plain(next!));
}

/** Opens a sequence and gives it tokens, piece by piece; tells what comes after the last. */
async function read(engine: ModelEngine, weights: WeightsRef, ...pieces: readonly Int32Array[]) {
  const sequence = await engine.openSequence(weights);
  let next: NextToken | undefined;
  for (const piece of pieces) next = (await engine.advance([{ sequence, tokens: piece }]))[0]![0]!;
  return { sequence, next: plain(next!) };
}

async function alone(engine: ModelEngine, weights: WeightsRef, ...pieces: readonly Int32Array[]) {
  const { sequence, next } = await read(engine, weights, ...pieces);
  await engine.closeSequences([sequence]);
  return next;
}

const sampling: readonly EngineCase[] = [
  {
    name: 'advances sequences together as it does alone: others join and leave, with other weights and lengths',
    run: async ({ engine, baseModel }) => {
      const base: WeightsRef = { kind: 'base', baseModel };
      const one = Int32Array.of(7);
      const expected = [
        await alone(engine, adapterRef('a'), tokens(9), one, one),
        await alone(engine, base, tokens(4, 2), one),
        await alone(engine, adapterRef('b'), tokens(6, 3)),
      ];
      const first = await engine.openSequence(adapterRef('a'));
      const second = await engine.openSequence(base);
      const third = await engine.openSequence(adapterRef('b'));
      await engine.advance([{ sequence: first, tokens: tokens(9) }]);
      await engine.advance([
        { sequence: second, tokens: tokens(4, 2) },
        { sequence: first, tokens: one },
      ]);
      const last = await engine.advance([
        { sequence: third, tokens: tokens(6, 3) },
        { sequence: first, tokens: one },
        { sequence: second, tokens: one },
      ]);
      const [ofThird, ofFirst, ofSecond] = last.map(([next]) => plain(next!));
      expect([ofFirst, ofSecond, ofThird]).toEqual(expected);
      await engine.closeSequences([first, second, third]);
    },
  },
  {
    name: 'forks a sequence into others that go on by themselves',
    run: async ({ engine }) => {
      const ref = adapterRef('a');
      const [x, y] = [Int32Array.of(11), Int32Array.of(12)];
      const { sequence } = await read(engine, ref, tokens(5));
      const [left, right] = await engine.forkSequence(sequence, 2);
      await engine.closeSequences([sequence]);
      const both = await advance(engine, [
        { sequence: left!, tokens: x },
        { sequence: right!, tokens: y },
      ]);
      // One goes on alone, then the other, then both again.
      await engine.advance([{ sequence: left!, tokens: y }]);
      await engine.advance([{ sequence: right!, tokens: x }]);
      const last = await advance(engine, [
        { sequence: right!, tokens: x },
        { sequence: left!, tokens: x },
      ]);
      await engine.closeSequences([left!, right!]);
      expect(both).toEqual([await alone(engine, ref, tokens(5), x), await alone(engine, ref, tokens(5), y)]);
      expect(last).toEqual([
        await alone(engine, ref, tokens(5), y, x, x),
        await alone(engine, ref, tokens(5), x, y, x),
      ]);
    },
  },
  {
    name: 'forks a sequence at any of its tokens, and leaves it as it is',
    comparesPieces: true,
    run: async ({ engine }) => {
      const ref = adapterRef('a');
      const { sequence } = await read(engine, ref, tokens(7));
      const [cut] = await engine.forkSequence(sequence, 1, 3);
      const [after] = await advance(engine, [{ sequence: cut!, tokens: tokens(2, 9) }]);
      const [next] = await advance(engine, [{ sequence, tokens: tokens(1) }]);
      await engine.closeSequences([sequence, cut!]);
      expect(after).toEqual(await alone(engine, ref, tokens(7).slice(0, 3), tokens(2, 9)));
      expect(next).toEqual(await alone(engine, ref, tokens(7), tokens(1)));
    },
  },
  {
    name: 'tells what comes after the rows that are asked for',
    comparesPieces: true,
    run: async ({ engine }) => {
      const sequence = await engine.openSequence(adapterRef('a'));
      const rows = Int32Array.of(0, 3);
      const found = (await engine.advance([{ sequence, tokens: tokens(4), rows }]))[0]!.map(plain);
      await engine.closeSequences([sequence]);
      expect(found).toEqual([
        await alone(engine, adapterRef('a'), tokens(1)),
        await alone(engine, adapterRef('a'), tokens(4)),
      ]);
    },
  },
  {
    name: 'gives the draws that a step asks for, or the row; both lead to the same tokens',
    run: async ({ engine }) => {
      const last = Int32Array.of(7);
      const { sequence, next } = await read(engine, adapterRef('a'), tokens(6), last);
      const row = Float32Array.from(next.logits);
      const sampler = new TokenSampler(row.length);
      const uniforms = Array.from({ length: 200 }, (_, i) => (i + 0.37) / 200);
      for (const temperature of [0, 0.3, 1, 2.5]) {
        const [fork] = await engine.forkSequence(sequence, 1, 6);
        const steps = [{ sequence: fork!, tokens: last, draws: { temperature, uniforms } }];
        const { drawn, logits, logSum } = (await engine.advance(steps))[0]![0]!;
        await engine.closeSequences([fork!]);
        const expected = [...sampler.drawMany(row, temperature, uniforms)];
        expect([...(drawn ?? expected)]).toEqual(expected);
        const wanted = drawn ? expected.map((token) => row[token]!) : next.logits;
        expect({ logits: [...logits], logSum }).toEqual({ logits: wanted, logSum: next.logSum });
      }
      await engine.closeSequences([sequence]);
    },
  },
  {
    name: 'gives the logits that a step names, or the rows; both have the same bits',
    run: async ({ engine }) => {
      const text = tokens(6);
      const rows = Int32Array.from(text.keys());
      const sequence = await engine.openSequence(adapterRef('a'));
      const whole = (await engine.advance([{ sequence, tokens: text, rows }]))[0]!.map(plain);
      const [fork] = await engine.forkSequence(sequence, 1, 0);
      const named = { tokens: Int32Array.of(3, 0, 9, 3), offsets: Int32Array.of(0, 2, 2, 3, 3, 4) };
      const found = (await engine.advance([{ sequence: fork!, tokens: text, rows, named }]))[0]!;
      for (const [row, expected] of whole.entries()) {
        const next = found[row]!;
        const own = [...named.tokens.subarray(named.offsets[row], named.offsets[row + 1])];
        expect(next.logSum).toBe(expected.logSum);
        if (!next.named) expect(plain(next)).toEqual(expected);
        else expect([...next.named]).toEqual(own.map((token) => expected.logits[token]));
      }
      // The last row has nothing named.
      expect(found.at(-1)!.named).toBeUndefined();
      await engine.closeSequences([sequence, fork!]);
    },
  },
  {
    name: 'keeps the weights of an open sequence, whatever becomes of them',
    run: async ({ engine, baseModel }) => {
      const { weights } = await engine.exportState('a');
      await engine.loadWeights({ id: 'snapshot', baseModel, lora: LORAS['a']! }, weights);
      const ref: WeightsRef = { kind: 'weights', id: 'snapshot' };
      const expected = await alone(engine, adapterRef('a'), tokens(5), tokens(1));
      const ofSnapshot = await read(engine, ref, tokens(5));
      const ofAdapter = await read(engine, adapterRef('a'), tokens(5));
      await engine.dropWeights('snapshot');
      await engine.deleteAdapter('a');
      for (const { sequence } of [ofSnapshot, ofAdapter]) {
        const [next] = await engine.advance([{ sequence, tokens: tokens(1) }]);
        expect(plain(next![0]!)).toEqual(expected);
      }
      await engine.closeSequences([ofSnapshot.sequence, ofAdapter.sequence]);
      await expect(engine.openSequence(ref)).rejects.toMatchObject({ code: 'weights_unknown' });
    },
  },
];

export function describeModelEngine(name: string, open: () => Promise<EngineSubject>, missing: boolean): void {
  describe.skipIf(missing)(`${name} as a model engine`, () => {
    let subject: EngineSubject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());

    it.for([...training, ...sampling])('$name', async ({ run, comparesPieces }, { skip }) => {
      const { batching } = subject.engine.capabilities;
      skip(comparesPieces === true && batching !== 'exact', `batching is ${batching} on this processor`);
      await makeAdapters(subject);
      await run(subject);
    });
  });
}
