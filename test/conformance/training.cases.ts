import { expect } from 'vitest';
import { type ForwardResult } from '../../src/compute/compute-backend.js';
import { type AdamParams } from '../../src/domain/adapter/adam-params.js';
import { type AdapterTensors } from '../../src/domain/adapter/adapter-state.js';
import { globalNorm } from '../../src/compute/numerics/adamw.js';
import { exampleLoss } from '../support/models/example-losses.js';
import { largestDifference } from '../support/models/reference-fixtures.js';
import {
  ADAM,
  adapter,
  base,
  type ConformanceCase,
  DATUMS,
  digest,
  digestOf,
  distance,
  gradientsOf,
  LORA,
  requestOf,
  ROUNDING,
  train,
  withAdapters,
} from './conformance-subject.js';

const BATCH = requestOf(DATUMS);
/** Half of the positions have no weight. */
const HALF = { weights: (position: number) => (position % 2 === 0 ? 1.5 : 0) };
const POLICY = {
  logprobs: (position: number) => -3 - (position % 3),
  advantages: (position: number) => (position % 4) - 1.5,
};
const LOSSES: readonly [string, Parameters<typeof requestOf>[1]][] = [
  ['cross_entropy', { inputs: HALF }],
  ['importance_sampling', { inputs: POLICY }],
  ['ppo', { inputs: POLICY, config: { clip_high_threshold: 1.5 } }],
  ['cispo', { inputs: { ...POLICY, ...HALF } }],
  ['dro', { inputs: POLICY, config: { beta: 0.2 } }],
];

/** What the cases compare of a result; NaN equals NaN. */
const numbersOf = ({ loss, metrics, logprobs }: ForwardResult) => ({ loss, metrics, logprobs: [...logprobs.data] });

export const TRAINING_CASES: readonly ConformanceCase[] = [
  {
    name: 'gradients accumulate over calls: two halves of a batch equal the batch',
    run: (subject) =>
      withAdapters(subject, { whole: {}, halves: {} }, async () => {
        const { backend } = subject;
        for (const id of ['whole', 'halves']) await train(backend, id);
        const { loss } = await backend.forwardBackward('whole', BATCH);
        const first = await backend.forwardBackward('halves', requestOf(DATUMS.slice(0, 2)));
        const second = await backend.forwardBackward('halves', requestOf(DATUMS.slice(2)));
        expect(Math.abs(first.loss + second.loss - loss)).toBeLessThan(ROUNDING * Math.abs(loss));
        const sum = await gradientsOf(backend, 'halves');
        expect(globalNorm(sum)).toBeGreaterThan(0.01);
        expect(distance(sum, await gradientsOf(backend, 'whole'))).toBeLessThan(ROUNDING);
      }),
  },
  {
    name: 'a step applies the gradients and clears them; one without gradients is refused and changes nothing',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        const before = await backend.forwardBackward('a', BATCH);
        const gradients = await gradientsOf(backend, 'a');
        const norms = await backend.optimStep('a', ADAM);
        const { weights, ...state } = await backend.exportState('a');
        expect(norms.step).toBe(1);
        expect(state).toMatchObject({ step: 1, gradients: null, passes: 1 });
        expect(norms.gradNorm).toBeCloseTo(globalNorm(gradients), 5);
        expect(norms.weightNorm).toBeCloseTo(globalNorm(weights), 5);
        expect(norms.updateNorm).toBeGreaterThan(0);
        const after = await backend.forward(adapter('a'), BATCH);
        expect(after.loss).toBeLessThan(before.loss);

        const digestBefore = await digestOf(backend, 'a');
        await expect(backend.optimStep('a', ADAM)).rejects.toMatchObject({ code: 'no_gradients', category: 'user' });
        expect(await digestOf(backend, 'a')).toBe(digestBefore);
      }),
  },
  {
    name: 'each hyper-parameter of AdamW counts, call by call',
    run: (subject) =>
      withAdapters(subject, { a: {}, b: {} }, async () => {
        const { backend, baseModel } = subject;
        await train(backend, 'a');
        await backend.forwardBackward('a', BATCH);
        const start = await backend.exportState('a');
        const after = async (change: Partial<AdamParams>) => {
          await backend.deleteAdapter('b');
          await backend.createAdapter({ id: 'b', baseModel, lora: LORA }, { state: start });
          await backend.optimStep('b', { ...ADAM, ...change });
          return backend.exportState('b');
        };
        const changes: Partial<AdamParams>[] = [
          {},
          { learningRate: 0.01 },
          { beta1: 0.5 },
          { beta2: 0.9 },
          { eps: 1 },
          { weightDecay: 0.5 },
          { gradClipNorm: 1e-3 },
        ];
        const digests = new Set<string>();
        for (const change of changes) digests.add(digest(await after(change)));
        expect(digests.size).toBe(changes.length);
        const still = await after({ learningRate: 0 });
        expect(digest({ ...start, weights: still.weights })).toBe(digest(start));
      }),
  },
  {
    name: 'forward gives the loss and the log-probs of forward_backward and changes nothing',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        await train(backend, 'a');
        for (const [loss, options] of LOSSES) {
          const request = requestOf(DATUMS, { loss, ...options });
          const before = await digestOf(backend, 'a');
          const forward = await backend.forward(adapter('a'), request);
          expect(await digestOf(backend, 'a')).toBe(before);
          const both = await backend.forwardBackward('a', request);
          expect(Math.abs(both.loss - forward.loss), loss).toBeLessThan(1e-4 * Math.max(1, Math.abs(forward.loss)));
          expect(Object.keys(both.metrics).sort(), loss).toEqual(Object.keys(forward.metrics).sort());
          expect(largestDifference(both.logprobs.data, forward.logprobs.data), loss).toBeLessThan(1e-4);
          expect(both.logprobs.offsets).toEqual(request.batch.tokens.offsets);
        }
      }),
  },
  {
    name: "one adapter's calls leave every other adapter and the base bit-identical",
    run: (subject) =>
      withAdapters(subject, { a: {}, b: { seed: 12, rank: 2 } }, async () => {
        const { backend } = subject;
        await train(backend, 'b');
        await backend.forwardBackward('b', BATCH);
        const otherBefore = await digestOf(backend, 'b');
        const before = [
          numbersOf(await backend.forward(adapter('b'), BATCH)),
          numbersOf(await backend.forward(base(subject), BATCH)),
        ];
        await train(backend, 'a');
        await backend.forwardBackward('a', BATCH);
        await backend.deleteAdapter('a');
        expect(await digestOf(backend, 'b')).toBe(otherBefore);
        const after = [
          numbersOf(await backend.forward(adapter('b'), BATCH)),
          numbersOf(await backend.forward(base(subject), BATCH)),
        ];
        expect(after).toEqual(before);
      }),
  },
  {
    name: 'a new adapter equals the base; a trained one does not',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        const { logprobs } = await backend.forward(base(subject), BATCH);
        const fresh = await backend.forward(adapter('a'), BATCH);
        expect(largestDifference(fresh.logprobs.data, logprobs.data)).toBeLessThan(ROUNDING * 10);
        await train(backend, 'a');
        const trained = await backend.forward(adapter('a'), BATCH);
        expect(largestDifference(trained.logprobs.data, logprobs.data)).toBeGreaterThan(0.01);
      }),
  },
  {
    name: 'a ragged batch gives what its datums give one by one',
    run: (subject) =>
      withAdapters(subject, { batch: {}, single: {} }, async () => {
        const { backend } = subject;
        for (const id of ['batch', 'single']) await train(backend, id);
        const { logprobs } = await backend.forwardBackward('batch', BATCH);
        const alone: number[] = [];
        for (const datum of DATUMS) {
          alone.push(...(await backend.forwardBackward('single', requestOf([datum]))).logprobs.data);
        }
        expect(largestDifference(logprobs.data, alone)).toBeLessThan(ROUNDING * 10);
        expect(distance(await gradientsOf(backend, 'batch'), await gradientsOf(backend, 'single'))).toBeLessThan(
          ROUNDING,
        );
      }),
  },
  {
    name: 'several targets per position: each has the log-prob that it has alone',
    run: (subject) =>
      withAdapters(subject, { wide: {}, narrow: {} }, async () => {
        const { backend } = subject;
        for (const id of ['wide', 'narrow']) await train(backend, id);
        const one = requestOf(DATUMS);
        const { offsets, data: first } = one.batch.lossInputs['target_tokens'] as {
          offsets: Int32Array;
          data: Int32Array;
        };
        const second = first.map((token) => (token + 5) % 80);
        const pairs = {
          data: Int32Array.from([...first].flatMap((t, i) => [t, second[i]!])),
          offsets,
          trailingShape: [2],
        };
        const weights = {
          data: Float32Array.from(pairs.data, (_, i) => (i % 2 === 0 ? 1 : -0.5)),
          offsets,
          trailingShape: [2],
        };
        const wide = await backend.forwardBackward('wide', {
          ...one,
          batch: { tokens: one.batch.tokens, lossInputs: { target_tokens: pairs, weights } },
        });
        const other = requestOf(DATUMS, { inputs: { weights: () => -0.5 } });
        const alone = await backend.forwardBackward('narrow', one);
        const rest = await backend.forwardBackward('narrow', {
          ...other,
          batch: {
            ...other.batch,
            lossInputs: { ...other.batch.lossInputs, target_tokens: { data: second, offsets, trailingShape: [] } },
          },
        });
        expect(wide.logprobs.trailingShape).toEqual([2]);
        const expected = [...alone.logprobs.data].flatMap((value, i) => [value, rest.logprobs.data[i]!]);
        expect(largestDifference(wide.logprobs.data, expected)).toBeLessThan(ROUNDING * 10);
        expect(distance(await gradientsOf(backend, 'wide'), await gradientsOf(backend, 'narrow'))).toBeLessThan(
          ROUNDING,
        );
      }),
  },
  {
    name: 'a loss written as formulas gives the loss, metrics and gradients of the built-in one that it says',
    run: (subject) =>
      withAdapters(subject, { written: {}, builtIn: {} }, async () => {
        const { backend } = subject;
        for (const id of ['written', 'builtIn']) await train(backend, id);
        for (const [loss, given] of LOSSES) {
          const options = { ...given, config: {}, logprobs: 'weighted' } as const;
          const definition = exampleLoss(loss);
          const builtIn = await backend.forwardBackward('builtIn', requestOf(DATUMS, { loss, ...options }));
          const written = await backend.forwardBackward('written', requestOf(DATUMS, { definition, ...options }));
          expect(Math.abs(written.loss - builtIn.loss), loss).toBeLessThan(ROUNDING * Math.abs(builtIn.loss));
          expect(Object.keys(written.metrics).sort(), loss).toEqual(Object.keys(builtIn.metrics).sort());
          // One is computed between two graphs and the other inside of one, from log-probs that differ in rounding.
          expect(
            distance(await gradientsOf(backend, 'written'), await gradientsOf(backend, 'builtIn')),
            loss,
          ).toBeLessThan(ROUNDING * 10);
        }
      }),
  },
  {
    name: 'a loss over pairs sees the whole request, however it is split into micro-batches',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend, baseModel } = subject;
        const request = requestOf(DATUMS, {
          definition: exampleLoss('dpo'),
          config: { beta: 0.5 },
          inputs: { reference_logprobs: () => -4 },
          // The datums of a pair stand apart.
          perDatum: { pair: [0, 1, 1, 0], chosen: [1, 0, 1, 0] },
        });
        const small = await subject.openSmall();
        try {
          await train(backend, 'a');
          await small.createAdapter({ id: 'a', baseModel, lora: LORA }, { state: await backend.exportState('a') });
          const [whole, split] = [
            await backend.forwardBackward('a', request),
            await small.forwardBackward('a', request),
          ];
          expect(whole.loss).toBeGreaterThan(0);
          expect(Math.abs(split.loss - whole.loss)).toBeLessThan(ROUNDING * 10);
          expect(Math.abs((await backend.forward(adapter('a'), request)).loss - whole.loss)).toBeLessThan(
            ROUNDING * 10,
          );
          expect(globalNorm(await gradientsOf(backend, 'a'))).toBeGreaterThan(1e-4);
          expect(distance(await gradientsOf(small, 'a'), await gradientsOf(backend, 'a'))).toBeLessThan(ROUNDING * 10);
        } finally {
          await small.stop();
        }
      }),
  },
  {
    name: 'a loss that is not a number on a batch is refused with the formula at fault and changes nothing',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        const definition = { name: 'dividing', loss: 'sum(target_logprobs / weights)', mask: 'weights >= 0' };
        const before = await digestOf(backend, 'a');
        const request = requestOf(DATUMS, { definition, inputs: { weights: () => 0 } });
        await expect(backend.forwardBackward('a', request)).rejects.toMatchObject({
          code: 'non_finite_loss',
          category: 'user',
          message: expect.stringContaining("'target_logprobs / weights' in loss") as string,
        });
        expect(await digestOf(backend, 'a')).toBe(before);
      }),
  },
  {
    name: "scope 'weighted' leaves NaN exactly where nothing counts, and the same gradients",
    run: (subject) =>
      withAdapters(subject, { all: {}, weighted: {} }, async () => {
        const { backend } = subject;
        for (const id of ['all', 'weighted']) await train(backend, id);
        // The third datum has no weight at all.
        const inputs = { weights: (position: number) => (position === 13 ? 0 : HALF.weights(position)) };
        const all = await backend.forwardBackward('all', requestOf(DATUMS, { inputs }));
        const weighted = await backend.forwardBackward('weighted', requestOf(DATUMS, { inputs, logprobs: 'weighted' }));
        const read = await backend.forward(adapter('all'), requestOf(DATUMS, { inputs, logprobs: 'weighted' }));
        for (const { logprobs } of [weighted, read]) {
          logprobs.data.forEach((value, i) => {
            expect(Number.isNaN(value), `position ${i}`).toBe(inputs.weights(i) === 0);
            if (!Number.isNaN(value)) expect(Math.abs(value - all.logprobs.data[i]!)).toBeLessThan(ROUNDING * 10);
          });
        }
        expect(Math.abs(weighted.loss - all.loss)).toBeLessThan(ROUNDING * Math.abs(all.loss));
        expect(distance(await gradientsOf(backend, 'weighted'), await gradientsOf(backend, 'all'))).toBeLessThan(
          ROUNDING,
        );
      }),
  },
  {
    name: 'a pass in which nothing counts has loss 0 and gradients of 0, which a step takes',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        const request = requestOf(DATUMS, { inputs: { weights: () => 0 }, logprobs: 'weighted' });
        expect(await backend.forwardBackward('a', request)).toMatchObject({ loss: 0 });
        expect(globalNorm(await gradientsOf(backend, 'a'))).toBe(0);
        expect(await backend.optimStep('a', ADAM)).toMatchObject({ step: 1, gradNorm: 0 });
      }),
  },
  {
    name: 'weight 0 silences a position, and inputs that the loss does not read are ignored, whatever they hold',
    run: (subject) =>
      withAdapters(subject, { quiet: {}, loud: {} }, async () => {
        const { backend } = subject;
        for (const id of ['quiet', 'loud']) await train(backend, id);
        const wild = { logprobs: () => -1e4, advantages: () => 1e6 };
        const at = (name: 'logprobs' | 'advantages') => (position: number) =>
          HALF.weights(position) === 0 ? wild[name]() : POLICY[name](position);
        const inputs = { ...POLICY, ...HALF };
        const loud = { ...HALF, logprobs: at('logprobs'), advantages: at('advantages') };
        for (const [id, given] of Object.entries({ quiet: inputs, loud })) {
          await backend.forwardBackward(id, requestOf(DATUMS, { loss: 'importance_sampling', inputs: given }));
        }
        await backend.forwardBackward('quiet', BATCH);
        await backend.forwardBackward('loud', requestOf(DATUMS, { inputs: wild }));
        expect(distance(await gradientsOf(backend, 'loud'), await gradientsOf(backend, 'quiet'))).toBeLessThan(
          ROUNDING,
        );
      }),
  },
  {
    name: 'the same request on the same state gives the same bits',
    run: (subject) =>
      withAdapters(subject, { a: {}, b: {} }, async () => {
        const { backend } = subject;
        for (const id of ['a', 'b']) await train(backend, id);
        const [first, second] = [await backend.forwardBackward('a', BATCH), await backend.forwardBackward('b', BATCH)];
        expect(numbersOf(second)).toEqual(numbersOf(first));
        expect(await digestOf(backend, 'b')).toBe(await digestOf(backend, 'a'));
        expect(await backend.optimStep('b', ADAM)).toEqual(await backend.optimStep('a', ADAM));
        expect(await digestOf(backend, 'b')).toBe(await digestOf(backend, 'a'));
      }),
  },
  {
    name: 'results do not depend on how a batch is split into micro-batches, dropout or not',
    run: (subject) =>
      withAdapters(subject, { plain: {}, dropped: { dropout: 0.3 } }, async () => {
        const { backend, baseModel } = subject;
        const small = await subject.openSmall();
        try {
          for (const id of ['plain', 'dropped']) {
            await train(backend, id);
            const lora = id === 'dropped' ? { ...LORA, dropout: 0.3 } : LORA;
            await small.createAdapter({ id, baseModel, lora }, { state: await backend.exportState(id) });
            const [whole, split] = [await backend.forwardBackward(id, BATCH), await small.forwardBackward(id, BATCH)];
            expect(largestDifference(split.logprobs.data, whole.logprobs.data)).toBeLessThan(ROUNDING * 10);
            expect(Math.abs(split.loss - whole.loss)).toBeLessThan(ROUNDING * Math.abs(whole.loss));
            expect(distance(await gradientsOf(small, id), await gradientsOf(backend, id))).toBeLessThan(ROUNDING);
          }
        } finally {
          await small.stop();
        }
      }),
  },
  {
    name: 'calls for different adapters that overlap give what they give one after the other',
    run: (subject) =>
      withAdapters(subject, { a: {}, b: { seed: 12 }, x: {}, y: { seed: 12 } }, async () => {
        const { backend } = subject;
        const work = async (id: string, datums: typeof DATUMS) => {
          await train(backend, id, datums);
          return numbersOf(await backend.forwardBackward(id, BATCH));
        };
        const together = await Promise.all([work('a', DATUMS), work('b', DATUMS.slice(1))]);
        const inTurn = [await work('x', DATUMS), await work('y', DATUMS.slice(1))];
        expect(together).toEqual(inTurn);
        expect(await digestOf(backend, 'a')).toBe(await digestOf(backend, 'x'));
        expect(await digestOf(backend, 'b')).toBe(await digestOf(backend, 'y'));
      }),
  },
  {
    name: 'dropout is decided by seed and pass, and acts in forward_backward alone',
    run: (subject) =>
      withAdapters(subject, { a: { dropout: 0.5 }, plain: {}, again: {} }, async () => {
        const { backend, baseModel } = subject;
        await train(backend, 'plain');
        const start = await backend.exportState('plain');
        const lora = { ...LORA, dropout: 0.5 };
        const restart = async (id: string) => {
          await backend.deleteAdapter(id);
          await backend.createAdapter({ id, baseModel, lora }, { state: start });
        };
        for (const id of ['a', 'again']) await restart(id);
        const read = await backend.forward(adapter('a'), BATCH);
        expect(numbersOf(read)).toEqual(numbersOf(await backend.forward(adapter('plain'), BATCH)));

        const first = await backend.forwardBackward('a', BATCH);
        const second = await backend.forwardBackward('a', BATCH);
        expect(Math.abs(first.loss - read.loss)).toBeGreaterThan(1e-3);
        expect(Math.abs(second.loss - first.loss)).toBeGreaterThan(1e-3);
        expect(numbersOf(await backend.forwardBackward('again', BATCH))).toEqual(numbersOf(first));
        expect(numbersOf(await backend.forwardBackward('again', BATCH))).toEqual(numbersOf(second));
      }),
  },
  {
    name: 'NaN, an exploding loss, gradient or step fails with its code and changes nothing',
    run: (subject) =>
      withAdapters(subject, { a: {}, broken: {} }, async () => {
        const { backend, baseModel } = subject;
        await train(backend, 'a');
        await backend.forwardBackward('a', BATCH);
        const state = await backend.exportState('a');
        const nan = (position: number) => (position === 3 ? Number.NaN : 1);
        const bad = [
          requestOf(DATUMS, { inputs: { weights: nan } }),
          requestOf(DATUMS, { loss: 'ppo', inputs: { ...POLICY, advantages: nan } }),
          requestOf(DATUMS, { loss: 'importance_sampling', inputs: { ...POLICY, logprobs: () => -1e4 } }),
        ];
        for (const request of bad) {
          await expect(backend.forwardBackward('a', request)).rejects.toMatchObject({ code: 'non_finite_loss' });
        }
        const step = backend.optimStep('a', { ...ADAM, learningRate: 1e39 });
        await expect(step).rejects.toMatchObject({ code: 'non_finite_update', category: 'user' });
        expect(await digestOf(backend, 'a')).toBe(digest(state));

        const gradients: AdapterTensors = new Map(
          [...state.gradients!].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => Number.NaN) }]),
        );
        await backend.deleteAdapter('broken');
        await backend.createAdapter({ id: 'broken', baseModel, lora: LORA }, { state: { ...state, gradients } });
        await expect(backend.optimStep('broken', ADAM)).rejects.toMatchObject({ code: 'non_finite_gradient' });
        expect(await digestOf(backend, 'broken')).toBe(digest({ ...state, gradients }));
        // The engine goes on working.
        expect(await backend.optimStep('a', ADAM)).toMatchObject({ step: 3 });
      }),
  },
  {
    name: 'gradients that no step can take are blamed, and once they are dropped the next batch trains',
    run: (subject) =>
      withAdapters(subject, { a: {}, calm: {} }, async () => {
        const { backend } = subject;
        for (const id of ['a', 'calm']) await train(backend, id);
        const exploding: [string, Parameters<typeof requestOf>[1]][] = [
          ['importance_sampling', { inputs: { ...POLICY, logprobs: () => -60 } }],
          ['ppo', { inputs: { logprobs: () => -60, advantages: () => -1 } }],
          ['cross_entropy', { inputs: { weights: () => 1e25 } }],
        ];
        for (const [loss, options] of exploding) {
          await backend.forwardBackward('a', requestOf(DATUMS, { loss, ...options }));
          await backend.forwardBackward('a', BATCH);
          for (const learningRate of [ADAM.learningRate, 0]) {
            await expect(backend.optimStep('a', { ...ADAM, learningRate }), loss).rejects.toMatchObject({
              code: 'non_finite_update',
              details: { at_fault: 'gradients' },
            });
          }
          expect(await backend.dropGradients('a')).toBe(2);
          expect(await backend.dropGradients('a')).toBe(0);
          await expect(backend.optimStep('a', ADAM)).rejects.toMatchObject({ code: 'no_gradients' });
        }
        expect(await backend.digestState('a')).toBe(await backend.digestState('calm'));
        for (const id of ['a', 'calm']) await train(backend, id);
        expect(await backend.digestState('a')).toBe(await backend.digestState('calm'));
      }),
  },
];
