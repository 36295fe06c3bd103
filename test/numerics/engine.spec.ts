import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ModelTarget } from '../../src/compute/compute-backend.js';
import { freshState } from '../../src/compute/numerics/adapter-tensors.js';
import { type FusedTerms, type LossResult } from '../../src/domain/loss.js';
import { Loss, LossFunction } from '../../src/losses/loss-function.js';
import { BUILT_IN_LOSSES } from '../../src/losses/loss-registry.js';
import { ONNXRUNTIME, TENSORFLOW_EXECUTORS } from '../support/engines/executors.js';
import { startReferenceEngine } from '../support/engines/reference-engine.js';
import {
  generationReferences,
  largestDifference,
  REFERENCE_MODELS,
  type ReferenceCase,
  References,
  relativeDistance,
} from '../support/models/reference-fixtures.js';

/*
 * Tolerances: both sides compute in float32 and sum in different orders over up to 64 hidden sizes and 2 layers; what
 * is seen is below 1e-5 for log-probs and 1e-5 relative for gradients. Ten times that leaves room for other machines'
 * instruction sets and still catches any mistake in a formula.
 */
const LOGPROB_TOLERANCE = 1e-4;
const GRADIENT_TOLERANCE = 1e-4;
const LOSS_TOLERANCE = 1e-3;

/** The built-in losses without their fused terms: the same numbers must come out of the split route. */
const splitLosses = BUILT_IN_LOSSES.map((BuiltIn) => {
  const inner = new BuiltIn();
  @Loss({ ...inner.metadata })
  class SplitOnly extends LossFunction {
    override compute(...input: Parameters<LossFunction['compute']>): LossResult {
      return inner.compute(...input);
    }
    override activePositions(...input: Parameters<LossFunction['activePositions']>): Uint8Array {
      return inner.activePositions(...input);
    }
    override fusedTerms(): FusedTerms | null {
      return null;
    }
  }
  return new SplitOnly();
});

const routes = [
  { route: 'fused', options: {} },
  { route: 'split', options: { losses: splitLosses } },
];
const microBatches = routes.map(({ route, options }) => ({
  route: `${route} in micro-batches`,
  options: { ...options, memoryBudgetBytes: 700_000 },
}));

/** Micro-batches are made before any executor is asked, so one executor shows them. */
const variants = [
  ...[...routes, ...microBatches].map((variant) => ({ ...variant, ...ONNXRUNTIME })),
  ...TENSORFLOW_EXECUTORS.flatMap((executor) => routes.map((variant) => ({ ...variant, ...executor }))),
];

describe.each(variants)('engine against PyTorch, $route, $name', ({ options, create, missing }) => {
  let started: Awaited<ReturnType<typeof startReferenceEngine>> | undefined;

  beforeAll(async () => {
    if (!missing) started = await startReferenceEngine(await create(), REFERENCE_MODELS, options);
  });
  afterAll(() => started?.stop());

  describe.each(REFERENCE_MODELS)('%s', (model) => {
    const references = new References(model);
    const single = references.cases.filter((reference) => !reference.adapters);

    it.skipIf(missing).each(single)('$name', async (reference) => {
      await (reference.adapter ? checkTraining(references, reference) : checkForward(references, reference));
    });
  });

  async function checkForward(references: References, reference: ReferenceCase): Promise<void> {
    const target: ModelTarget = { kind: 'base', baseModel: references.model };
    const result = await started!.engine.forward(target, requestOf(references, reference));
    expect(result.loss).toBeCloseTo(reference.loss, 3);
    expect(largestDifference(result.logprobs.data, references.logprobs(reference))).toBeLessThan(LOGPROB_TOLERANCE);
  }

  async function checkTraining(references: References, reference: ReferenceCase): Promise<void> {
    const adapter = reference.adapter!;
    const id = `${references.model}/${reference.name}`;
    const handle = { id, baseModel: references.model, lora: references.lora(adapter) };
    await started!.engine.createAdapter(handle, { state: freshState(references.weights(adapter)) });
    const forward = await started!.engine.forward({ kind: 'adapter', adapterId: id }, requestOf(references, reference));
    const result = await started!.engine.forwardBackward(id, requestOf(references, reference));
    const expected = references.logprobs(reference);
    expect(Math.abs(result.loss - reference.loss)).toBeLessThan(LOSS_TOLERANCE * Math.max(1, Math.abs(reference.loss)));
    expect(largestDifference(result.logprobs.data, expected)).toBeLessThan(LOGPROB_TOLERANCE);
    expect(largestDifference(forward.logprobs.data, expected)).toBeLessThan(LOGPROB_TOLERANCE);
    const { gradients } = await started!.engine.exportState(id);
    const wanted = references.gradients(reference, adapter);
    expect([...gradients!.keys()].sort()).toEqual([...wanted.keys()].sort());
    for (const [name, { data }] of wanted) {
      expect(relativeDistance(gradients!.get(name)!.data, data), name).toBeLessThan(GRADIENT_TOLERANCE);
    }
    await started!.engine.deleteAdapter(id);
  }
});

function requestOf(references: References, reference: ReferenceCase) {
  const loss = { name: reference.loss_fn, config: reference.loss_fn_config };
  return { batch: references.batch(reference), loss, logprobs: 'all' as const };
}

describe.each([ONNXRUNTIME, ...TENSORFLOW_EXECUTORS])('generation against transformers, $name', (executor) => {
  let started: Awaited<ReturnType<typeof startReferenceEngine>> | undefined;

  beforeAll(async () => {
    if (!executor.missing) started = await startReferenceEngine(await executor.create(), REFERENCE_MODELS);
  });
  afterAll(() => started?.stop());

  const all = generationReferences().map((reference, i) => ({ reference, name: `${i} ${reference.model}` }));
  it.skipIf(executor.missing).each(all)('greedy answer $name', async ({ reference }) => {
    const references = new References(reference.model);
    const { engine } = started!;
    let target: ModelTarget = { kind: 'base', baseModel: reference.model };
    if (reference.adapter) {
      const handle = { id: reference.adapter, baseModel: reference.model, lora: references.lora(reference.adapter) };
      await engine.loadWeights(handle, { state: freshState(references.weights(reference.adapter)) });
      target = { kind: 'weights', id: reference.adapter };
    }
    const { sequences } = await engine.generate(target, {
      prompt: Int32Array.from(reference.prompt),
      count: 2,
      sampling: {
        maxNewTokens: reference.tokens.length,
        temperature: 0,
        topP: 1,
        topK: 0,
        minP: 0,
        repetitionPenalty: 1,
        stopTokens: [],
        stopStrings: [],
        seed: 1,
      },
    });
    for (const sequence of sequences) {
      expect([...sequence.tokens]).toEqual(reference.tokens);
      expect(largestDifference(sequence.logprobs, reference.logprobs)).toBeLessThan(LOGPROB_TOLERANCE);
    }
  });
});
