import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { offsetsOf, type RaggedTensor } from '../../src/domain/ragged-tensor.js';
import { parseSafetensors, tensorAsFloat32 } from '../../src/formats/safetensors.js';
import { LossRegistry } from '../../src/losses/loss-registry.js';

/*
 * Losses and their gradients against PyTorch's autograd in float64, on the log-probs of the tiny models
 * (test/fixtures/references, which says how it was made).
 */

interface Reference {
  readonly batches: Record<string, { readonly tokens: number[][]; readonly target_tokens: (number | number[])[][] }>;
  readonly cases: readonly {
    readonly name: string;
    readonly batch: string;
    readonly loss_fn: string;
    readonly loss_fn_config: Record<string, number>;
    readonly loss: number;
  }[];
}

const FOLDER = new URL('../fixtures/references/', import.meta.url);
const MODELS = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''));
const CASES = MODELS.flatMap((model) => readReference(model).cases.map((one) => [model, one.name] as const));

/** Both sides compute in float64 from the same float32 numbers; the stored gradients are rounded to float32 (6e-8). */
const TOLERANCE = 1e-6;

function readReference(model: string): Reference {
  return JSON.parse(readFileSync(new URL(`${model}.json`, FOLDER), 'utf8')) as Reference;
}

function readCase(model: string, name: string) {
  const { batches, cases } = readReference(model);
  const found = cases.find((one) => one.name === name)!;
  const { tokens, target_tokens: targets } = batches[found.batch]!;
  const offsets = offsetsOf(tokens.map((datum) => datum.length));
  const first = targets[0]![0]!;
  const trailingShape = Array.isArray(first) ? [first.length] : [];
  const bytes = readFileSync(new URL(`${model}.safetensors`, FOLDER));
  const prefix = `cases/${name}/`;
  const tensors: Record<string, RaggedTensor<Float32Array>> = {};
  for (const entry of parseSafetensors(bytes).tensors.values()) {
    if (!entry.name.startsWith(prefix) || entry.name.includes('/grads/')) continue;
    const key = entry.name.slice(prefix.length).replace('inputs/', '');
    tensors[`${entry.name.includes('/inputs/') ? 'input ' : ''}${key}`] = {
      data: tensorAsFloat32(bytes, entry),
      offsets,
      trailingShape,
    };
  }
  const inputs: Record<string, RaggedTensor> = {
    target_tokens: { data: Int32Array.from(targets.flat(2)), offsets, trailingShape },
  };
  for (const [key, tensor] of Object.entries(tensors)) if (key.startsWith('input ')) inputs[key.slice(6)] = tensor;
  const batch = { tokens: { data: Int32Array.from(tokens.flat()), offsets, trailingShape: [] }, lossInputs: inputs };
  return { ...found, batch, logprobs: tensors.logprobs!, dLogprobs: tensors.dlogprobs!.data };
}

describe('losses against PyTorch', () => {
  const registry = new LossRegistry();

  it('has cases for every loss but pairwise_dpo, which has a spec of its own', () => {
    const covered = MODELS.flatMap((model) => readReference(model).cases.map((one) => one.loss_fn));
    const all = registry.list().map((loss) => loss.name);
    expect([...new Set([...covered, 'pairwise_dpo'])].sort()).toEqual(all.sort());
  });

  it.each(CASES)('%s %s', (model, name) => {
    const { loss_fn, loss_fn_config, loss, batch, logprobs, dLogprobs } = readCase(model, name);
    const config = registry.resolveConfig(registry.get(loss_fn), loss_fn_config);
    registry.checkInputs(registry.get(loss_fn), batch);
    const result = registry.get(loss_fn).compute(logprobs, batch.lossInputs, config);
    expect(Math.abs(result.loss - loss) / Math.abs(loss)).toBeLessThan(TOLERANCE);
    expect(result.dLogprobs.length).toBe(dLogprobs.length);
    const active = registry.get(loss_fn).activePositions(batch.lossInputs);
    const width = dLogprobs.length / active.length;
    dLogprobs.forEach((expected, i) => {
      const error = Math.abs(result.dLogprobs[i]! - expected);
      expect(error, `position ${i}`).toBeLessThanOrEqual(TOLERANCE * Math.abs(expected));
      if (expected !== 0) expect(active[Math.floor(i / width)], `position ${i} counts`).toBe(1);
    });
  });
});
