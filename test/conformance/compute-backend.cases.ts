import { afterAll, beforeAll, describe, it } from 'vitest';
import { CANCELLATION_CASES } from './cancellation.cases.js';
import { type ConformanceCase, type Subject } from './conformance-subject.js';
import { GENERATION_CASES } from './generation.cases.js';
import { STATE_CASES } from './state.cases.js';
import { TRAINING_CASES } from './training.cases.js';
import { WEIGHTS_CASES } from './weights.cases.js';

/** The contract of src/compute/compute-backend.ts in cases, which every provider passes. */
export const COMPUTE_BACKEND_CASES: Readonly<Record<string, readonly ConformanceCase[]>> = {
  'adapters and their state': STATE_CASES,
  'sampler weights': WEIGHTS_CASES,
  training: TRAINING_CASES,
  generation: GENERATION_CASES,
  'calls that are given up': CANCELLATION_CASES,
};

export interface Provider {
  readonly name: string;
  /** Why it cannot be tried on this machine; null when it can. */
  readonly unavailable?: string | null;
  readonly open: () => Promise<Subject>;
}

/** Runs every case on a provider. One that is not available here is skipped by name, with the reason. */
export function describeConformance({ name, unavailable, open }: Provider): void {
  // The reporter does not name what a wholly skipped file holds.
  if (unavailable) console.warn(`Conformance of ${name} skipped: ${unavailable}`);
  describe.skipIf(unavailable)(unavailable ? `${name} (not available: ${unavailable})` : name, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());

    for (const [topic, cases] of Object.entries(COMPUTE_BACKEND_CASES)) {
      describe(topic, () => {
        for (const { name: title, run } of cases) it(title, () => run(subject));
      });
    }
  });
}
