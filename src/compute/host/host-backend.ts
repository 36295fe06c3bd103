import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { type ModelConfig } from '../../domain/model/model-config.js';
import { type RankMemory } from '../../domain/rank-memory.js';
import { sharedGrammars } from '../../grammars/engine/grammar-engine.js';
import { type Vocabulary } from '../../grammars/vocabulary.js';
import { type LossRegistry } from '../../losses/loss-registry.js';
import { readFiles } from '../../storage/adapter-files.js';
import { type CheckpointStore } from '../../storage/checkpoint-store.js';
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
  type WorkCounts,
} from '../compute-backend.js';
import { type EngineModel, type ModelEngine, type WeightsRef } from '../model-engine.js';
import { freshState, requireFits, requireStateFits } from '../numerics/adapter-tensors.js';
import { UnknownAdapterError, UnknownBaseModelError } from '../numerics/engine.errors.js';
import { initialLoraWeights } from '../numerics/lora-init.js';
import { TokenSampler } from '../numerics/token-sampler.js';
import { DecodeScheduler } from './decoding/decode-scheduler.js';
import { EngineTurns } from './engine-turns.js';
import { LoadedWeights } from './loaded-weights.js';
import { openGrammars } from './decoding/open-grammars.js';
import { PassRequest } from './passes/pass-request.js';
import { PassScheduler } from './passes/pass-scheduler.js';
import { writeState } from './state-files.js';
import { WorkMeter } from './work-meter.js';

/** Text of tokens without special ones. */
export type TokenDecoder = (tokens: ArrayLike<number>) => Promise<string>;

/** What sampling needs to know of a base model's tokens. */
export interface ModelText {
  readonly decode: TokenDecoder;
  /** The bytes of every token, for grammars. `shown`: special tokens that are part of answers. */
  readonly vocabulary: (shown: readonly number[]) => Vocabulary;
}

interface HostModel extends EngineModel {
  readonly text: ModelText;
  readonly sampler: TokenSampler;
}

export interface HostBackendOptions {
  readonly engine: ModelEngine;
  readonly losses: LossRegistry;
  /** Where the paths lead that states are named by. */
  readonly checkpoints: CheckpointStore;
  /** Memory for sampler weights. */
  readonly samplerWeightBytes: number;
  /** Memory for keys and values of generations, unless the engine names another. */
  readonly sequenceBytes: number;
  /** Of it, what may hold prompts for later ones. */
  readonly prefixCacheBytes: number;
  /** Prepares the text of every base model, for stop strings and grammars; called once by start(). */
  readonly loadTexts: () => Promise<ReadonlyMap<string, ModelText>>;
}

/** What waits at the same time can share the base model's work. */
const CALLS_IN_FLIGHT = { passes: 64, generations: 256 };

/**
 * The compute backend over an engine: losses, checks, sampling, and the order in which calls reach the engine. Requests
 * share passes, which run one after another; generations take turns with them token by token.
 */
export class HostBackend extends ComputeBackend {
  private readonly engine: ModelEngine;
  private readonly models = new Map<string, HostModel>();
  private readonly adapters = new Map<string, AdapterHandle>();
  private readonly turns = new EngineTurns();
  private readonly meter = new WorkMeter();
  private readonly passes: PassScheduler;
  private readonly generations = new Set<Promise<unknown>>();
  private readonly loaded: LoadedWeights;
  private readonly decoding: DecodeScheduler;
  private readonly grammars = sharedGrammars();

  constructor(private readonly options: HostBackendOptions) {
    super();
    this.engine = options.engine;
    this.loaded = new LoadedWeights(options.samplerWeightBytes);
    const { engine, turns, meter } = this;
    this.passes = new PassScheduler({ engine, turns }, meter);
    this.decoding = new DecodeScheduler({
      engine,
      turns,
      meter,
      memoryBytes: options.sequenceBytes,
      prefixBytes: options.prefixCacheBytes,
    });
  }

  get capabilities(): BackendCapabilities {
    const { engine, device, maxRank, ranks, repeatability, batching } = this.engine.capabilities;
    return {
      engine,
      device,
      maxRank,
      ranks,
      callsInFlight: CALLS_IN_FLIGHT,
      repeatability,
      batching,
      baseModels: [...this.models.values()].map(({ name, config, parameterCount }) => ({
        name,
        contextLength: config.contextLength,
        vocabSize: config.vocabSize,
        parameterCount,
      })),
      lossPlugins: Object.fromEntries(this.options.losses.pluginDigests),
    };
  }

  async start(): Promise<void> {
    await this.engine.start();
    const { sequenceBytes } = this.engine.capabilities;
    if (sequenceBytes !== undefined) this.decoding.resizeMemory(sequenceBytes);
    const texts = await this.options.loadTexts();
    for (const model of this.engine.capabilities.models) {
      const text = texts.get(model.name);
      if (!text) throw new Error(`There is no tokenizer for base model '${model.name}'.`);
      this.models.set(model.name, { ...model, text, sampler: new TokenSampler(model.config.vocabSize) });
    }
  }

  async stop(): Promise<void> {
    // From here on new calls find nothing to work with; those under way go through.
    this.models.clear();
    this.adapters.clear();
    this.loaded.clear();
    await Promise.allSettled([this.passes.idle(), ...this.generations]);
    this.decoding.stop();
    await this.engine.stop();
  }

  async createAdapter(adapter: AdapterHandle, from?: StateSource): Promise<void> {
    const { id, lora } = adapter;
    const { config } = this.model(adapter.baseModel);
    const state = from && (await this.stateOf(from, config));
    if (state) requireStateFits(id, config, lora, state);
    const initial = state ?? freshState(initialLoraWeights(config, lora));
    await this.changing(id, () => this.engine.createAdapter(adapter, initial));
    this.adapters.set(id, adapter);
  }

  async deleteAdapter(adapterId: string): Promise<void> {
    this.adapters.delete(adapterId);
    await this.changing(adapterId, () => this.engine.deleteAdapter(adapterId));
  }

  async exportState(adapterId: string): Promise<AdapterState> {
    return this.engine.exportState(this.adapter(adapterId).id);
  }

  async digestState(adapterId: string): Promise<string> {
    return this.engine.digestState(this.adapter(adapterId).id);
  }

  async describeState(adapterId: string): Promise<StateDescription> {
    return this.engine.describeState(this.adapter(adapterId).id);
  }

  async saveState(adapterId: string, to: StateRef, parts: StateParts): Promise<SavedState> {
    const adapter = this.adapter(adapterId);
    return writeState(this.options.checkpoints, to, adapter, await this.engine.exportState(adapterId), parts);
  }

  async loadState(adapterId: string, from: StateSource, options: { optimizer: boolean }): Promise<void> {
    const { baseModel, lora } = this.adapter(adapterId);
    const { config } = this.model(baseModel);
    const state = await this.stateOf(from, config);
    requireStateFits(adapterId, config, lora, state);
    await this.changing(adapterId, () => this.engine.importState(adapterId, state, options));
  }

  async loadWeights(weights: AdapterHandle, from: StateSource): Promise<void> {
    const { id, baseModel, lora } = weights;
    const { config } = this.model(baseModel);
    const { weights: tensors } = await this.stateOf(from, config);
    requireFits(id, config, lora, tensors);
    await this.decoding.versions.change({ kind: 'weights', id }, () => this.engine.loadWeights(weights, tensors));
    const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    for (const dropped of this.loaded.add(id, { baseModel, bytes })) await this.freeWeights(dropped);
  }

  async dropWeights(id: string): Promise<void> {
    this.loaded.delete(id);
    await this.freeWeights(id);
  }

  async forward(target: ModelTarget, request: ForwardRequest, options?: CallOptions): Promise<ForwardResult> {
    return this.pass(target, request, { ...options, train: false });
  }

  async forwardBackward(adapterId: string, request: ForwardRequest, options?: CallOptions): Promise<ForwardResult> {
    return this.pass({ kind: 'adapter', adapterId }, request, { ...options, train: true });
  }

  async optimStep(adapterId: string, params: AdamParams, { owner = '' }: CallOptions = {}): Promise<OptimStepResult> {
    const { id } = this.adapter(adapterId);
    const charge = (ms: number) => this.turns.shares.charge('training', [{ owner, tokens: 0 }], ms);
    return this.changing(id, () => this.meter.optimizerStep(() => this.engine.step(id, params), charge));
  }

  async dropGradients(adapterId: string): Promise<number> {
    return this.engine.dropGradients(this.adapter(adapterId).id);
  }

  measureRanks(): Promise<readonly RankMemory[]> {
    return Promise.resolve(this.engine.ranksMemory);
  }

  async countWork(): Promise<WorkCounts> {
    const { passes, requests: passRequests } = this.passes.counts;
    const ownerMs = this.turns.shares.usedMs;
    const held = { adapters: this.adapters.size, samplerWeights: this.loaded.size };
    return Promise.resolve({
      passes,
      passRequests,
      ...this.decoding.counts,
      ...held,
      times: this.meter.times,
      ownerMs,
    });
  }

  async generate(target: ModelTarget, request: GenerateRequest, options?: GenerateOptions): Promise<GenerateResult> {
    const { name, config, text, sampler, cacheBytesPerToken: bytesPerToken } = this.model(this.baseModelOf(target));
    const { decode } = text;
    const openGrammar = (wanted: GenerateRequest) => openGrammars(this.grammars, { name, config, text }, wanted);
    const model = { weights: this.weightsOf(target), decode, sampler, bytesPerToken, openGrammar };
    const generation = this.decoding.generate(model, request, options);
    this.generations.add(generation);
    try {
      return await generation;
    } finally {
      this.generations.delete(generation);
    }
  }

  private pass(
    target: ModelTarget,
    request: ForwardRequest,
    { train, signal, owner = '', weight = 1 }: CallOptions & { readonly train: boolean },
  ): Promise<ForwardResult> {
    const { losses } = this.options;
    const weights = this.weightsOf(target);
    const lossFunction = losses.functionOf(request.loss);
    const config = losses.resolveConfig(lossFunction, request.loss.config);
    const options = { train, signal, owner, weight, baseModel: this.baseModelOf(target) };
    return this.passes.submit(new PassRequest(weights, request, { lossFunction, config }, options));
  }

  /** Makes a call that changes the adapter's weights. */
  private changing<T>(id: string, call: () => Promise<T>): Promise<T> {
    return this.decoding.versions.change({ kind: 'adapter', id }, call);
  }

  private freeWeights(id: string): Promise<void> {
    return this.decoding.versions.change({ kind: 'weights', id }, () => this.engine.dropWeights(id));
  }

  private async stateOf(from: StateSource, config: ModelConfig): Promise<AdapterState> {
    if ('state' in from) return from.state;
    if ('adapterId' in from) return this.exportState(from.adapterId);
    return (await readFiles(this.options.checkpoints, from.ref, config)).state;
  }

  /** The name that the engine has for the weights of a target. */
  private weightsOf(target: ModelTarget): WeightsRef {
    if (target.kind === 'adapter') return { kind: 'adapter', id: this.adapter(target.adapterId).id };
    if (target.kind === 'base') return { kind: 'base', baseModel: this.model(target.baseModel).name };
    this.loaded.use(target.id);
    return target;
  }

  private baseModelOf(target: ModelTarget): string {
    if (target.kind === 'base') return target.baseModel;
    return target.kind === 'adapter' ? this.adapter(target.adapterId).baseModel : this.loaded.use(target.id).baseModel;
  }

  private adapter(id: string): AdapterHandle {
    const adapter = this.adapters.get(id);
    if (!adapter) throw new UnknownAdapterError(id);
    return adapter;
  }

  private model(name: string): HostModel {
    const model = this.models.get(name);
    if (!model) throw new UnknownBaseModelError(name, [...this.models.keys()]);
    return model;
  }
}
