import { expect } from 'vitest';
import { type ComputeBackend } from '../../src/compute/compute-backend.js';
import {
  ADAM,
  adapter,
  type ConformanceCase,
  DATUMS,
  digestOf,
  MAX_DATUM,
  LORA,
  requestOf,
  type Subject,
  train,
  withAdapters,
} from './conformance-subject.js';

const CANCELLED = { code: 'cancelled', category: 'user', status: 409 };

/** As many micro-batches where the memory is small. */
const MANY = Array.from({ length: 40 }, (_, seed) => ({ length: MAX_DATUM, seed }));

/** Makes the two kinds of pass on adapter 'a'. */
const PASSES: readonly ((backend: ComputeBackend, signal: AbortSignal) => Promise<unknown>)[] = [
  (backend, signal) => backend.forward(adapter('a'), requestOf(MANY), { signal }),
  (backend, signal) => backend.forwardBackward('a', requestOf(MANY), { signal }),
];

/** What happens afterwards shows that nothing of the pass is left. */
async function expectUntouched({ backend }: Pick<Subject, 'backend'>, before: string): Promise<void> {
  expect(await digestOf(backend, 'a')).toBe(before);
  await backend.forwardBackward('a', requestOf(DATUMS));
  expect(await backend.optimStep('a', ADAM)).toMatchObject({ step: 3 });
}

export const CANCELLATION_CASES: readonly ConformanceCase[] = [
  ...PASSES.map((pass, i): ConformanceCase => ({
    name: `a ${i === 0 ? 'forward' : 'forwardBackward'} that is given up before its turn does not begin`,
    run: (subject) =>
      withAdapters(subject, { a: {}, other: {} }, async () => {
        const { backend } = subject;
        await train(backend, 'a');
        const before = await digestOf(backend, 'a');
        await expect(pass(backend, AbortSignal.abort())).rejects.toMatchObject(CANCELLED);
        const controller = new AbortController();
        const ahead = backend.forwardBackward('other', requestOf(MANY));
        const waiting = pass(backend, controller.signal);
        controller.abort();
        await expect(waiting).rejects.toMatchObject(CANCELLED);
        await ahead;
        await expectUntouched(subject, before);
      }),
  })),
  ...PASSES.map((pass, i): ConformanceCase => ({
    name: `a ${i === 0 ? 'forward' : 'forwardBackward'} that is given up while it runs ends early and changes nothing`,
    run: async (subject) => {
      const backend = await subject.openSmall();
      try {
        await backend.createAdapter({ id: 'a', baseModel: subject.baseModel, lora: LORA });
        await train(backend, 'a');
        const before = await digestOf(backend, 'a');
        const controller = new AbortController();
        const running = pass(backend, controller.signal);
        setImmediate(() => controller.abort());
        await expect(running).rejects.toMatchObject(CANCELLED);
        await expectUntouched({ backend }, before);
      } finally {
        await backend.stop();
      }
    },
  })),
];
