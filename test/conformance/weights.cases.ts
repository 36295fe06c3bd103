import { expect } from 'vitest';
import { type AdapterHandle } from '../../src/compute/compute-backend.js';
import { toFiles } from '../../src/storage/adapter-files.js';
import { largestDifference } from '../support/models/reference-fixtures.js';
import {
  adapter,
  type ConformanceCase,
  DATUMS,
  LORA,
  requestOf,
  SAMPLING,
  type Subject,
  train,
  withAdapters,
} from './conformance-subject.js';

const BATCH = requestOf(DATUMS);
const REQUEST = { prompt: Int32Array.of(5, 9), count: 2, sampling: SAMPLING };
const SNAPSHOT = { kind: 'weights', id: 'snapshot' } as const;
const PATH = 'checkpoints/conformance/snapshot';

/** More than a generation's prompt, and less than the weights of any adapter of the cases. */
const SMALL_BYTES = 64;

/** Trains adapter 'a' and puts its weights into the checkpoint store. */
async function savedSnapshot({ backend, baseModel, checkpoints }: Subject): Promise<AdapterHandle> {
  await train(backend, 'a');
  const files = toFiles({ lora: LORA, baseModel }, await backend.exportState('a'), { optimizer: false });
  await checkpoints.write(PATH, files);
  return { id: SNAPSHOT.id, baseModel, lora: LORA };
}

export const WEIGHTS_CASES: readonly ConformanceCase[] = [
  {
    name: 'weights that are loaded, from memory or by reference, give what the adapter gave when they were taken',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        const handle = await savedSnapshot(subject);
        const forward = await backend.forward(adapter('a'), BATCH);
        const sampled = await backend.generate(adapter('a'), REQUEST);
        const state = await backend.exportState('a');
        await train(backend, 'a');
        for (const from of [{ state }, { ref: PATH }]) {
          await backend.loadWeights(handle, from);
          expect(await backend.forward(SNAPSHOT, BATCH)).toEqual(forward);
          expect(await backend.generate(SNAPSHOT, REQUEST)).toEqual(sampled);
        }
        const now = await backend.forward(adapter('a'), BATCH);
        expect(largestDifference(now.logprobs.data, forward.logprobs.data)).toBeGreaterThan(1e-3);
        await backend.dropWeights(SNAPSHOT.id);
      }),
  },
  {
    name: 'weights loaded by reference never move: neither the load nor any generation sends their bytes',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend, sentBytes = () => 0 } = subject;
        const handle = await savedSnapshot(subject);
        const sentBy = async (call: () => Promise<unknown>): Promise<number> => {
          const before = sentBytes();
          await call();
          return sentBytes() - before;
        };
        expect(await sentBy(() => backend.loadWeights(handle, { ref: PATH }))).toBe(0);
        const first = await sentBy(() => backend.generate(SNAPSHOT, REQUEST));
        const second = await sentBy(() => backend.generate(SNAPSHOT, REQUEST));
        expect(second).toBe(first);
        expect(second).toBeLessThan(SMALL_BYTES);
        const state = await backend.exportState('a');
        const weightBytes = [...state.weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
        expect(weightBytes).toBeGreaterThan(SMALL_BYTES);
        const given = await sentBy(() => backend.loadWeights(handle, { state }));
        if (subject.sentBytes) expect(given).toBeGreaterThanOrEqual(weightBytes);
        await backend.dropWeights(SNAPSHOT.id);
      }),
  },
  {
    name: 'dropped weights are unknown, dropping them again is fine, and they can be loaded anew',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        const handle = await savedSnapshot(subject);
        const unknown = { code: 'weights_unknown', category: 'server' };
        await expect(backend.generate(SNAPSHOT, REQUEST)).rejects.toMatchObject(unknown);
        await backend.loadWeights(handle, { ref: PATH });
        const sampled = await backend.generate(SNAPSHOT, REQUEST);
        await backend.dropWeights(SNAPSHOT.id);
        await backend.dropWeights(SNAPSHOT.id);
        await expect(backend.generate(SNAPSHOT, REQUEST)).rejects.toMatchObject(unknown);
        await expect(backend.forward(SNAPSHOT, BATCH)).rejects.toMatchObject(unknown);
        await backend.loadWeights(handle, { ref: PATH });
        expect(await backend.generate(SNAPSHOT, REQUEST)).toEqual(sampled);
        await backend.dropWeights(SNAPSHOT.id);
      }),
  },
  {
    name: 'weights that do not fit, or that are not in the store, are refused',
    run: (subject) =>
      withAdapters(subject, { a: {} }, async () => {
        const { backend } = subject;
        const handle = await savedSnapshot(subject);
        const wrong = { ...handle, lora: { ...LORA, rank: 2 } };
        await expect(backend.loadWeights(wrong, { ref: PATH })).rejects.toMatchObject({ code: 'adapter_mismatch' });
        const missing = backend.loadWeights(handle, { ref: 'checkpoints/conformance/nowhere' });
        await expect(missing).rejects.toMatchObject({ code: 'storage_failed', category: 'server' });
        await expect(backend.forward(SNAPSHOT, BATCH)).rejects.toMatchObject({ code: 'weights_unknown' });
      }),
  },
];
