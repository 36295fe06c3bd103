import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openCheckpoint } from '../../src/base-models/checkpoint-files.js';
import { readConfigFile } from '../../src/base-models/model-config/config-file.js';
import { parseModelConfig } from '../../src/base-models/model-config/hf-model-config.js';
import { type AdapterHandle, type ComputeBackend, type ForwardResult } from '../../src/compute/compute-backend.js';
import { targetsOf } from '../../src/compute/models/adapter-modules.js';
import { LOCAL_FAMILIES } from '../../src/compute/models/families/model-families.js';
import { OnnxRuntimeExecutor } from '../../src/compute/onnxruntime/onnxruntime-executor.js';
import { type RaggedTensor } from '../../src/domain/ragged-tensor.js';
import { LocalCheckpointStore } from '../../src/storage/local/local-checkpoint-store.js';
import { writeRandomCheckpoint } from '../support/models/random-checkpoint.js';
import { startReferenceEngine } from '../support/engines/reference-engine.js';
import { fixturePath, largestDifference } from '../support/models/reference-fixtures.js';
import { startTorchBackend, type TorchModel } from '../support/engines/torch-backend.js';
import { TORCH_PYTHON, torchUnavailable } from '../support/engines/torch-environment.js';
import { ADAM, DATUMS, LORA, requestOf } from './conformance-subject.js';

const unavailable = torchUnavailable();
const peftMissing = unavailable ?? torchUnavailable(['peft']);
const REQUEST = requestOf(DATUMS);

/** Losses of one step on each backend, which passes the adapter on to the next one through the checkpoint store. */
async function train(
  backends: readonly ComputeBackend[],
  { name: baseModel, config }: TorchModel,
  id: string,
): Promise<number[]> {
  const lora = { ...LORA, targetModules: targetsOf(config), dropout: 0.25 };
  const losses: number[] = [];
  for (const [step, backend] of backends.entries()) {
    await backend.createAdapter({ id, baseModel, lora }, step === 0 ? undefined : { ref: `${id}-${step}` });
    losses.push((await backend.forwardBackward(id, requestOf(DATUMS))).loss);
    await backend.optimStep(id, ADAM);
    await backend.saveState(id, `${id}-${step + 1}`, 'optimizer');
    await backend.deleteAdapter(id);
  }
  return losses;
}

/** What transformers makes of tiny models: see test/numerics/make-family-fixtures.py. */
interface Families {
  readonly tiny: Readonly<Record<string, { readonly config: object }>>;
}

async function writeModel(folder: string, name: string, json: object): Promise<TorchModel> {
  await writeRandomCheckpoint(folder, json, parseModelConfig(json, name, 'torch'));
  return openModel(folder, name);
}

async function openModel(folder: string, name: string): Promise<TorchModel> {
  const config = parseModelConfig(await readConfigFile(folder, name), name, 'torch');
  await openCheckpoint(folder, config, name);
  return { name, folder, config };
}

describe.skipIf(unavailable)(`an adapter between engines (${unavailable ?? 'with torch'})`, () => {
  const names = Object.keys(LOCAL_FAMILIES);
  let models: readonly TorchModel[];
  let local: Awaited<ReturnType<typeof startReferenceEngine>>;
  let torch: ComputeBackend;
  beforeAll(async () => {
    models = await Promise.all(names.map((name) => openModel(fixturePath(`models/${name}`), name)));
    local = await startReferenceEngine(new OnnxRuntimeExecutor({ device: 'cpu', threads: 1 }), names);
    torch = await startTorchBackend(models, local.checkpoints);
  });
  afterAll(async () => {
    await torch.stop();
    await local.stop();
  });

  it.each(names)('continues with the losses that one engine alone gives: %s', async (name) => {
    const model = models.find((each) => each.name === name)!;
    const one = local.engine;
    const alone = await train([one, one, one, one, one, one], model, `${name}-alone`);
    const exchanged = await train([one, torch, torch, one, torch, one], model, `${name}-exchanged`);
    expect(alone.at(-1)).toBeLessThan(0.9 * alone[0]!);
    // Six steps of AdamW carry on what float32 rounds; a wrong moment or mask of dropout shows in the first digits.
    alone.forEach((loss, step) => expect(Math.abs(exchanged[step]! - loss)).toBeLessThan(1e-4 * loss));
  });
});

describe.skipIf(unavailable)(`models that only torch computes (${unavailable ?? 'with torch'})`, () => {
  const names = ['gemma3_text', 'olmo2', 'phi3', 'qwen3_moe', 'smollm3'];
  let folder: string;
  let torch: ComputeBackend;
  let models: readonly TorchModel[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'thinker-families-'));
    const { tiny } = JSON.parse(await readFile(fixturePath('model-families.json'), 'utf8')) as Families;
    models = await Promise.all(names.map((name) => writeModel(join(folder, name), name, tiny[name]!.config)));
    torch = await startTorchBackend(models, new LocalCheckpointStore(join(folder, 'checkpoints')));
  });
  afterAll(async () => {
    await torch.stop();
    await rm(folder, { recursive: true });
  });

  async function learn(name: string): Promise<{ readonly adapter: AdapterHandle; readonly learnt: ForwardResult }> {
    const { config } = models.find((model) => model.name === name)!;
    const adapter = { id: name, baseModel: name, lora: { ...LORA, targetModules: targetsOf(config) } };
    await torch.createAdapter(adapter);
    const { loss } = await torch.forwardBackward(name, REQUEST);
    for (let step = 0; step < 5; step++) {
      await torch.optimStep(name, ADAM);
      await torch.forwardBackward(name, REQUEST);
    }
    const learnt = await torch.forward({ kind: 'adapter', adapterId: name }, REQUEST);
    expect(learnt.loss).toBeLessThan(0.9 * loss);
    return { adapter, learnt };
  }

  it.each(names)('learn, and keep what they learn: %s', async (name) => {
    const { adapter, learnt } = await learn(name);
    const { digest } = await torch.saveState(name, `${name}-whole`, 'all');
    await torch.createAdapter({ ...adapter, id: 'again' }, { ref: `${name}-whole` });
    expect(await torch.digestState('again')).toBe(digest);
    expect(await torch.forward({ kind: 'adapter', adapterId: 'again' }, REQUEST)).toEqual(learnt);
  });

  it.skipIf(peftMissing)(
    `have adapters with which PEFT gives the same log-probs (${peftMissing ?? 'with peft'})`,
    async () => {
      const ours = new Map<string, Float32Array>();
      for (const name of names) {
        ours.set(name, (await learn(name)).learnt.logprobs.data);
        await torch.saveState(name, `${name}-weights`, 'weights');
      }
      const saved = names.map((name) => [join(folder, name), join(folder, 'checkpoints', `${name}-weights`)] as const);
      const theirs = await peftLogprobs(saved);
      names.forEach((name, i) => {
        // float32, with sums in another order through all layers.
        expect(largestDifference(ours.get(name)!, theirs[i]!.flat()), name).toBeLessThan(2e-5);
      });
    },
  );
});

/** What transformers and PEFT make of REQUEST with each model and adapter, in a process for all of them. */
async function peftLogprobs(saved: readonly (readonly [model: string, adapter: string])[]): Promise<number[][][]> {
  const rows = ({ data, offsets }: RaggedTensor) =>
    Array.from(offsets.subarray(1), (end, i) => Array.from(data.subarray(offsets[i], end)));
  const { tokens, lossInputs } = REQUEST.batch;
  const datums = { tokens: rows(tokens), targets: rows(lossInputs['target_tokens']!) };
  const requests = saved.map(([model, adapter]) => ({ model, adapter, ...datums }));
  const script = fileURLToPath(new URL('../support/peft_logprobs.py', import.meta.url));
  const { stdout } = await promisify(execFile)(TORCH_PYTHON, [script, JSON.stringify(requests)]);
  return JSON.parse(stdout) as number[][][];
}
