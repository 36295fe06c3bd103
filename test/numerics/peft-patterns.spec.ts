import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHfConfig } from '../../src/base-models/model-config/hf-config.js';
import { globalNorm } from '../../src/compute/numerics/adamw.js';
import { freshState } from '../../src/compute/numerics/adapter-tensors.js';
import { DEFAULT_ADAM } from '../../src/domain/adapter/adam-params.js';
import { offsetsOf } from '../../src/domain/ragged-tensor.js';
import { readPeftAdapter, writePeftAdapter } from '../../src/formats/peft-adapter.js';
import { ONNXRUNTIME, TENSORFLOW_EXECUTORS } from '../support/engines/executors.js';
import { startReferenceEngine } from '../support/engines/reference-engine.js';
import { largestDifference } from '../support/models/reference-fixtures.js';

/** What PEFT computes with adapters whose ranks, alphas or modules differ (test/numerics/fixtures/lora.py, PATTERNS). */
interface Reference {
  readonly name: string;
  readonly model: string;
  readonly tokens: readonly number[][];
  readonly target_tokens: readonly number[][];
  readonly logprobs: readonly number[][];
  readonly gradient_norms?: Readonly<Record<string, number>>;
}

const fixtures = new URL('../fixtures/', import.meta.url);
const bytes = (path: string) => new Uint8Array(readFileSync(new URL(path, fixtures)));
const json = (path: string): unknown => JSON.parse(Buffer.from(bytes(path)).toString());
const { adapters } = json('peft/references.json') as { readonly adapters: readonly Reference[] };
const references = adapters.filter(({ gradient_norms }) => gradient_norms !== undefined);
const models = ['llama', 'qwen3'];

function adapterOf({ name, model }: Reference) {
  const files = ['adapter_config.json', 'adapter_model.safetensors'].map(
    (file) => [file, bytes(`peft/${name}/${file}`)] as const,
  );
  return readPeftAdapter(new Map(files), parseHfConfig(json(`models/${model}/config.json`), model));
}

function requestOf({ tokens, target_tokens }: Reference) {
  const offsets = offsetsOf(tokens.map((list) => list.length));
  const ragged = (lists: readonly number[][]) => ({ data: Int32Array.from(lists.flat()), offsets, trailingShape: [] });
  const batch = { tokens: ragged(tokens), lossInputs: { target_tokens: ragged(target_tokens) } };
  return { batch, loss: { name: 'cross_entropy', config: {} }, logprobs: 'all' as const };
}

it('has an adapter for every setting', () => {
  expect(references.map(({ name }) => name).sort()).toEqual([
    'llama-patterns',
    'llama-regex',
    'qwen3-layer',
    'qwen3-layers',
  ]);
});

it('finds the modules, ranks and alphas that PEFT finds', () => {
  const [patterns, regex, layers] = ['llama-patterns', 'llama-regex', 'qwen3-layers'].map(
    (name) => adapterOf(references.find((reference) => reference.name === name)!).lora,
  );
  expect(patterns).toMatchObject({ rank: 4, alpha: 8 });
  expect(patterns!.targetModules).not.toContain('k_proj');
  expect(patterns!.excludedModules).toEqual(['model.layers.0.self_attn.o_proj']);
  expect(patterns!.rankPattern).toMatchObject({
    lm_head: 1,
    'model.layers.1.mlp.down_proj': 6,
    'model.layers.0.mlp.down_proj': 3,
  });
  expect(patterns!.alphaPattern).toMatchObject({
    'model.layers.0.self_attn.v_proj': 16,
    'model.layers.1.mlp.up_proj': 5,
  });
  expect(regex!.excludedModules).toEqual(['model.layers.0.mlp.up_proj']);
  expect(layers!.targetModules).toEqual(['q_proj', 'v_proj', 'down_proj']);
});

it.each(references)('writes $name back as PEFT reads it', (reference) => {
  const adapter = adapterOf(reference);
  const config = parseHfConfig(json(`models/${reference.model}/config.json`), reference.model);
  expect(readPeftAdapter(writePeftAdapter(adapter), config)).toEqual(adapter);
});

/** As in engine.spec.ts: ten times what is seen between two ways of summing float32. */
const TOLERANCE = 1e-4;

describe.each([ONNXRUNTIME, ...TENSORFLOW_EXECUTORS])('adapters of mixed ranks against PEFT, $name', (executor) => {
  let started: Awaited<ReturnType<typeof startReferenceEngine>> | undefined;

  beforeAll(async () => {
    if (!executor.missing) started = await startReferenceEngine(await executor.create(), models);
  });
  afterAll(() => started?.stop());

  it.skipIf(executor.missing).each(references)('$name', async (reference) => {
    const { engine } = started!;
    const { weights, ...adapter } = adapterOf(reference);
    const lora = { ...adapter.lora, dropout: 0 };
    const target = { kind: 'adapter', adapterId: reference.name } as const;
    await engine.createAdapter(
      { id: reference.name, baseModel: reference.model, lora },
      { state: freshState(weights) },
    );
    const request = requestOf(reference);
    const expected = Float32Array.from(reference.logprobs.flat());
    for (const { logprobs } of [
      await engine.forward(target, request),
      await engine.forwardBackward(reference.name, request),
    ]) {
      expect(largestDifference(logprobs.data, expected)).toBeLessThan(TOLERANCE);
    }
    const { gradients } = await engine.exportState(reference.name);
    const norms = reference.gradient_norms!;
    expect([...gradients!.keys()].sort()).toEqual(Object.keys(norms).sort());
    for (const [name, tensor] of gradients!) {
      const norm = globalNorm(new Map([[name, tensor]]));
      expect(Math.abs(norm - norms[name]!), name).toBeLessThan(TOLERANCE * Math.max(1, norms[name]!));
    }
    const before = (await engine.forward(target, request)).loss;
    await engine.optimStep(reference.name, { ...DEFAULT_ADAM, learningRate: 1e-3 });
    expect((await engine.forward(target, request)).loss).toBeLessThan(before);

    await engine.loadWeights({ id: 'x', baseModel: reference.model, lora }, { state: freshState(weights) });
    const snapshot = { kind: 'weights', id: 'x' } as const;
    const sampling = {
      maxNewTokens: 3,
      temperature: 0,
      topP: 1,
      topK: 0,
      minP: 0,
      repetitionPenalty: 1,
      stopTokens: [],
      stopStrings: [],
      seed: 0,
    };
    const { sequences } = await engine.generate(snapshot, {
      prompt: Int32Array.from(reference.tokens[0]!),
      count: 1,
      sampling,
    });
    const [token, logprob] = [sequences[0]!.tokens[0]!, sequences[0]!.logprobs[0]!];
    const scored = await engine.forward(
      snapshot,
      requestOf({
        ...reference,
        tokens: [reference.tokens[0]!],
        target_tokens: [reference.tokens[0]!.map(() => token)],
      }),
    );
    expect(Math.abs(scored.logprobs.data.at(-1)! - logprob)).toBeLessThan(TOLERANCE);
  });
});
