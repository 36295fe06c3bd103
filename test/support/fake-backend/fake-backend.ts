import { NO_TIMES } from '../../../src/compute/host/work-meter.js';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdamParams } from '../../../src/domain/adapter/adam-params.js';
import { type AdapterState, type AdapterTensors, NO_GRADIENTS } from '../../../src/domain/adapter/adapter-state.js';
import { loraScale, type LoraSpec } from '../../../src/domain/adapter/lora-spec.js';
import { type RaggedTensor, rowWidth } from '../../../src/domain/ragged-tensor.js';
import { type RankMemory } from '../../../src/domain/rank-memory.js';
import { type ModelConfig } from '../../../src/domain/model/model-config.js';
import { type TransformerConfig } from '../../../src/domain/model/transformer-config.js';
import { LossRegistry } from '../../../src/losses/loss-registry.js';
import {
  type AdapterHandle,
  type BackendCapabilities,
  type CallOptions,
  ComputeBackend,
  type ForwardRequest,
  type ForwardResult,
  type GenerateOptions,
  type GenerateRequest,
  type GenerateResult,
  type ModelTarget,
  type OptimStepResult,
  type SavedState,
  type StateDescription,
  type StateParts,
  type StateRef,
  type StateSource,
  type TokenListener,
  type WorkCounts,
} from '../../../src/compute/compute-backend.js';
import { throwIfCancelled } from '../../../src/compute/call-cancelled.error.js';
import { writeState } from '../../../src/compute/host/state-files.js';
import { WeightsUnknownError } from '../../../src/compute/weights-unknown.error.js';
import { readFiles } from '../../../src/storage/adapter-files.js';
import { type CheckpointStore } from '../../../src/storage/checkpoint-store.js';
import { LocalCheckpointStore } from '../../../src/storage/local/local-checkpoint-store.js';
import { stateDigest } from '../../../src/compute/numerics/state-digest.js';
import { adamwStep } from '../../../src/compute/numerics/adamw.js';
import {
  accumulate,
  copyState,
  freshState,
  requireFits,
  requireStateFits,
} from '../../../src/compute/numerics/adapter-tensors.js';
import {
  NoGradientsError,
  NonFiniteLossError,
  UnknownAdapterError,
  UnknownBaseModelError,
} from '../../../src/compute/numerics/engine.errors.js';
import { initialLoraWeights } from '../../../src/compute/numerics/lora-init.js';
import { PromptScores } from '../../../src/compute/host/decoding/prompt-scores.js';
import { TokenSampler } from '../../../src/compute/numerics/token-sampler.js';
import { logprob, sample, scoresAfter, topOf } from './fake-sampling.js';

export interface FakeModel {
  readonly name: string;
  readonly config: ModelConfig;
}

export const FAKE_MODEL: FakeModel & { readonly config: TransformerConfig } = {
  name: 'fake/tiny',
  config: {
    family: 'llama',
    vocabSize: 100,
    hiddenSize: 4,
    intermediateSize: 8,
    layerCount: 1,
    headCount: 2,
    kvHeadCount: 1,
    headDim: 2,
    rmsNormEps: 1e-5,
    contextLength: 64,
    tiedEmbeddings: true,
    rope: { theta: 10_000, scaling: null },
  },
};

interface FakeAdapter {
  readonly baseModel: string;
  readonly lora: LoraSpec;
  state: AdapterState;
}

/**
 * A backend for tests of everything around the engine, with a model that can be checked by hand. The log-prob of target
 * t after token x is
 *
 *   -(1 + (x + t) mod 4) + bonus,   bonus = LoRA scale * sum of all numbers of all B matrices
 *
 * so d logprob / dB = scale for every number of every B, and 0 for every A. A new adapter has B = 0 and equals the
 * base. Greedy sampling adds 1 + floor(|bonus|) to the token before; otherwise seed, index and position are added, too.
 * With dropout p, forwardBackward drops the whole bonus in odd passes and divides it by 1 - p in even ones. The text of
 * tokens, for stop strings, is their numbers with spaces between. Adapters, losses, AdamW, errors are the real ones; the
 * penalty and the cuts of sampling have no effect.
 */
export class FakeBackend extends ComputeBackend {
  capabilities: BackendCapabilities = {
    engine: 'fake',
    device: 'none',
    maxRank: 256,
    ranks: 1,
    callsInFlight: { passes: 8, generations: 8 },
    repeatability: 'bitwise',
    batching: 'off',
    baseModels: [],
    lossPlugins: {},
  };
  private readonly adapters = new Map<string, FakeAdapter>();
  private readonly loaded = new Map<string, FakeAdapter>();
  private work = { passes: 0, passRequests: 0, steps: 0, stepRequests: 0 };

  constructor(
    private readonly models: readonly FakeModel[] = [FAKE_MODEL],
    private readonly losses = new LossRegistry(),
    private readonly checkpoints: CheckpointStore = new LocalCheckpointStore(join(tmpdir(), 'thinker-fake-backend')),
  ) {
    super();
  }

  async start(): Promise<void> {
    const baseModels = this.models.map(({ name, config: { contextLength, vocabSize } }) => {
      return { name, contextLength, vocabSize, parameterCount: 0 };
    });
    const lossPlugins = Object.fromEntries(this.losses.pluginDigests);
    this.capabilities = { ...this.capabilities, baseModels, lossPlugins };
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.adapters.clear();
    this.loaded.clear();
    return Promise.resolve();
  }

  async createAdapter({ id, baseModel, lora }: AdapterHandle, from?: StateSource): Promise<void> {
    const { config } = this.model(baseModel);
    const state = from && (await this.stateOf(from, config));
    if (state) requireStateFits(id, config, lora, state);
    const own = state ? copyState(state) : freshState(initialLoraWeights(config, lora));
    this.adapters.set(id, { baseModel, lora, state: own });
    return Promise.resolve();
  }

  async deleteAdapter(adapterId: string): Promise<void> {
    this.adapters.delete(adapterId);
    return Promise.resolve();
  }

  hasAdapter(adapterId: string): boolean {
    return this.adapters.has(adapterId);
  }

  /** Loses an adapter, as an engine does one of whose ranks has failed. */
  lose(adapterId: string): void {
    this.adapters.delete(adapterId);
    this.notifyLoss({ kind: 'adapter', adapterId });
  }

  async exportState(adapterId: string): Promise<AdapterState> {
    return Promise.resolve(copyState(this.adapter(adapterId).state));
  }

  async digestState(adapterId: string): Promise<string> {
    return stateDigest(this.adapter(adapterId).state);
  }

  async describeState(adapterId: string): Promise<StateDescription> {
    const { step, gradients } = this.adapter(adapterId).state;
    return Promise.resolve({ step, hasGradients: gradients !== null });
  }

  async saveState(adapterId: string, to: StateRef, parts: StateParts): Promise<SavedState> {
    const adapter = this.adapter(adapterId);
    return writeState(this.checkpoints, to, adapter, copyState(adapter.state), parts);
  }

  async loadState(adapterId: string, from: StateSource, options: { optimizer: boolean }): Promise<void> {
    const adapter = this.adapter(adapterId);
    const { config } = this.model(adapter.baseModel);
    const state = await this.stateOf(from, config);
    requireStateFits(adapterId, config, adapter.lora, state);
    const { passes } = adapter.state;
    const own = copyState(state);
    adapter.state = options.optimizer ? { ...own, ...NO_GRADIENTS } : { ...freshState(own.weights), passes };
    return Promise.resolve();
  }

  async loadWeights({ id, baseModel, lora }: AdapterHandle, from: StateSource): Promise<void> {
    const { config } = this.model(baseModel);
    const state = await this.stateOf(from, config);
    requireFits(id, config, lora, state.weights);
    this.loaded.set(id, { baseModel, lora, state });
  }

  async dropWeights(id: string): Promise<void> {
    this.loaded.delete(id);
    return Promise.resolve();
  }

  async forward(target: ModelTarget, request: ForwardRequest, { signal }: CallOptions = {}): Promise<ForwardResult> {
    await turnsOf(signal);
    this.baseModelOf(target);
    return this.pass(this.bonusOf(target), request).result;
  }

  async forwardBackward(
    adapterId: string,
    request: ForwardRequest,
    { signal }: CallOptions = {},
  ): Promise<ForwardResult> {
    await turnsOf(signal);
    const adapter = this.adapter(adapterId);
    const { state, lora } = adapter;
    const kept = state.passes % 2 === 1 && lora.dropout > 0 ? 0 : 1 / (1 - lora.dropout);
    const { result, slope } = this.pass(kept * bonus(lora, state.weights), request);
    const gradients = new Map(
      [...state.weights].map(([name, { shape, data }]) => {
        return [name, { shape, data: data.map(() => (isB(name) ? slope * kept * scaleOf(lora, name) : 0)) }];
      }),
    );
    adapter.state = { ...state, ...accumulate(state, gradients) };
    return Promise.resolve(result);
  }

  async optimStep(adapterId: string, params: AdamParams): Promise<OptimStepResult> {
    const adapter = this.adapter(adapterId);
    const { gradients, passes } = adapter.state;
    if (!gradients) throw new NoGradientsError();
    const { state, ...norms } = adamwStep(adapter.state, gradients, params);
    const next = { ...state, ...NO_GRADIENTS, passes };
    const digest = await stateDigest(next);
    adapter.state = next;
    return { step: state.step, ...norms, digest };
  }

  async dropGradients(adapterId: string): Promise<number> {
    const adapter = this.adapter(adapterId);
    const { gradientPasses } = adapter.state;
    adapter.state = { ...adapter.state, ...NO_GRADIENTS };
    return Promise.resolve(gradientPasses);
  }

  measureRanks(): Promise<readonly RankMemory[]> {
    return Promise.resolve([]);
  }

  async countWork(): Promise<WorkCounts> {
    const held = { adapters: this.adapters.size, samplerWeights: this.loaded.size };
    return Promise.resolve({ ...this.work, ...held, times: NO_TIMES, ownerMs: new Map() });
  }

  async generate(
    target: ModelTarget,
    request: GenerateRequest,
    { onToken, signal }: GenerateOptions = {},
  ): Promise<GenerateResult> {
    throwIfCancelled(signal);
    const draw: TokenListener = (event) => {
      this.work = { ...this.work, steps: this.work.steps + 1, stepRequests: this.work.stepRequests + 1 };
      onToken?.(event);
      throwIfCancelled(signal);
    };
    const given = this.bonusOf(target);
    const { vocabSize } = this.model(this.baseModelOf(target)).config;
    const sequences = Array.from({ length: request.count }, (_, index) => {
      const sequence = sample(request, index, given, vocabSize, draw);
      return { ...sequence, ...topOf(request, sequence, given, vocabSize) };
    });
    const scores = new PromptScores(request, new TokenSampler(vocabSize));
    for (const [i, token] of request.prompt.subarray(0, -1).entries()) {
      scores.put(i + 1, { logits: scoresAfter(token, given, vocabSize), logSum: 0 });
    }
    return Promise.resolve({ sequences, ...scores.results() });
  }

  /** Loss, log-probs, and the sum of dLoss/dlogprob: the slope of the loss along the bonus. */
  private pass(given: number, { batch, loss, logprobs: scope }: ForwardRequest) {
    this.work = { ...this.work, passes: this.work.passes + 1, passRequests: this.work.passRequests + 1 };
    const lossFunction = this.losses.functionOf(loss);
    const targets = batch.lossInputs['target_tokens'];
    if (targets === undefined) throw new TypeError('target_tokens is missing: check inputs with LossRegistry first');
    const active = lossFunction.activePositions(batch.lossInputs);
    const width = rowWidth(targets);
    const data = Float32Array.from(targets.data, (token, i) => {
      const position = Math.floor(i / width);
      if (scope === 'weighted' && active[position] === 0) return NaN;
      return logprob(batch.tokens.data[position] ?? 0, token, given);
    });
    const logprobs: RaggedTensor<Float32Array> = { ...targets, data };
    const config = this.losses.resolveConfig(lossFunction, loss.config);
    const { loss: value, dLogprobs, metrics } = lossFunction.compute(logprobs, batch.lossInputs, config);
    const slope = dLogprobs.reduce((sum, d) => sum + d, 0);
    if (!Number.isFinite(value)) throw new NonFiniteLossError('The loss');
    if (!Number.isFinite(slope)) throw new NonFiniteLossError('The gradient of the loss');
    return { result: { loss: value, metrics, logprobs }, slope };
  }

  private bonusOf(target: ModelTarget): number {
    if (target.kind === 'base') return 0;
    const { lora, state } = this.targetOf(target);
    return bonus(lora, state.weights);
  }

  private baseModelOf(target: ModelTarget): string {
    return this.model(target.kind === 'base' ? target.baseModel : this.targetOf(target).baseModel).name;
  }

  private targetOf(target: Exclude<ModelTarget, { kind: 'base' }>): FakeAdapter {
    if (target.kind === 'adapter') return this.adapter(target.adapterId);
    const loaded = this.loaded.get(target.id);
    if (!loaded) throw new WeightsUnknownError(target.id);
    return loaded;
  }

  private async stateOf(from: StateSource, config: ModelConfig): Promise<AdapterState> {
    if ('state' in from) return copyState(from.state);
    if ('adapterId' in from) return copyState(this.adapter(from.adapterId).state);
    return (await readFiles(this.checkpoints, from.ref, config)).state;
  }

  private adapter(id: string): FakeAdapter {
    const adapter = this.adapters.get(id);
    if (!adapter) throw new UnknownAdapterError(id);
    return adapter;
  }

  private model(name: string): FakeModel {
    const model = this.models.find((known) => known.name === name);
    if (!model) {
      throw new UnknownBaseModelError(
        name,
        this.models.map((known) => known.name),
      );
    }
    return model;
  }
}

/** A pass that runs elsewhere takes its time: the loop turns twice, and the caller may give the pass up meanwhile. */
async function turnsOf(signal: AbortSignal | undefined): Promise<void> {
  for (let turn = 0; turn < 2; turn++) {
    throwIfCancelled(signal);
    await new Promise((resolve) => setImmediate(resolve));
  }
  throwIfCancelled(signal);
}

/** Of the module that the tensor belongs to. */
function scaleOf(lora: LoraSpec, tensor: string): number {
  return loraScale(lora, tensor.replace(/\.lora_[AB]\.weight$/, ''));
}

function isB(name: string): boolean {
  return name.endsWith('.lora_B.weight');
}

function bonus(lora: LoraSpec, weights: AdapterTensors): number {
  let sum = 0;
  for (const [name, { data }] of weights)
    if (isB(name)) sum = data.reduce((total, value) => total + scaleOf(lora, name) * value, sum);
  return sum;
}
