import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState, NO_GRADIENTS } from '../../domain/adapter/adapter-state.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { type LossRegistry } from '../../losses/loss-registry.js';
import {
  type AdapterHandle,
  type BackendCapabilities,
  ComputeBackend,
  type ForwardRequest,
  type ForwardResult,
  type GenerateOptions,
  type GenerateRequest,
  type GenerateResult,
  type ModelTarget,
  type OptimStepResult,
} from '../compute-backend.js';
import { type Executor } from '../executor.js';
import { stateDigest } from '../numerics/state-digest.js';
import { adamwStep } from '../numerics/adamw.js';
import { accumulate, copyState, requireFits, requireStateFits } from '../numerics/adapter-tensors.js';
import { NoGradientsError, UnknownAdapterError, UnknownBaseModelError } from '../numerics/engine.errors.js';
import { generate, type GenerationModel } from './generation.js';
import { freshState, LiveAdapter, loraFeeds } from '../numerics/live-adapter.js';
import { initialLoraWeights } from '../numerics/lora-init.js';
import { ModelRuntime, variantOf } from './model-runtime.js';
import { PassMemory } from './pass-memory.js';
import { type PassAdapter, type PassLoss, TrainingPass } from './training-pass.js';
import { type WeightFile } from '../weight-file.js';

export interface EngineModel {
  readonly name: string;
  readonly config: TransformerConfig;
  readonly weights: WeightFile;
  readonly decode: (tokens: ArrayLike<number>) => Promise<string>;
}

export interface EngineOptions {
  readonly executor: Executor;
  readonly losses: LossRegistry;
  /** Prepares the base models; called once by start(). */
  readonly loadModels: () => Promise<readonly EngineModel[]>;
  /** What one pass may use beyond the weights. */
  readonly memoryBudgetBytes: number;
}

/** Adapters of higher rank would cost as much as training the model itself. */
const MAX_RANK = 256;

/**
 * The local compute backend: base models and adapters of one device, in the calling thread. Its work blocks that thread,
 * so the service runs it in a thread of its own (threaded-backend.ts). Passes run one after another; generations take
 * turns with them token by token.
 */
export class LocalEngine extends ComputeBackend {
  private readonly models = new Map<string, EngineModel & { readonly runtime: ModelRuntime }>();
  private readonly adapters = new Map<string, LiveAdapter & { readonly baseModel: string }>();
  private passes: Promise<unknown> = Promise.resolve();
  private readonly passMemory = new PassMemory();
  private readonly generations = new Set<Promise<unknown>>();

  constructor(private readonly options: EngineOptions) {
    super();
  }

  get capabilities(): BackendCapabilities {
    const { executor, losses } = this.options;
    return {
      engine: executor.name,
      device: executor.device,
      maxRank: MAX_RANK,
      baseModels: [...this.models.values()].map(({ name, config, weights }) => ({
        name,
        contextLength: config.contextLength,
        vocabSize: config.vocabSize,
        parameterCount: weights.parameterCount,
      })),
      lossPlugins: Object.fromEntries(losses.pluginDigests),
    };
  }

  async start(): Promise<void> {
    for (const model of await this.options.loadModels()) {
      const runtime = new ModelRuntime(model.name, model.config, model.weights, this.options.executor);
      this.models.set(model.name, { ...model, runtime });
    }
  }

  async stop(): Promise<void> {
    const runtimes = [...this.models.values()].map(({ runtime }) => runtime);
    // From here on new calls find nothing to work with; those under way hold what they need.
    this.models.clear();
    this.adapters.clear();
    await Promise.allSettled([this.passes, ...this.generations]);
    for (const runtime of runtimes) await runtime.release();
    await this.options.executor.dispose();
  }

  async createAdapter({ id, baseModel, lora }: AdapterHandle, state?: AdapterState): Promise<void> {
    const { config } = this.model(baseModel);
    if (state) requireStateFits(id, config, lora, state);
    const live = new LiveAdapter(id, lora, state ?? freshState(initialLoraWeights(config, lora)));
    this.adapters.set(id, Object.assign(live, { baseModel }));
  }

  async deleteAdapter(adapterId: string): Promise<void> {
    this.adapters.delete(adapterId);
  }

  hasAdapter(adapterId: string): boolean {
    return this.adapters.has(adapterId);
  }

  async exportState(adapterId: string): Promise<AdapterState> {
    return copyState(this.adapter(adapterId).state);
  }

  async digestState(adapterId: string): Promise<string> {
    return stateDigest(this.adapter(adapterId).state);
  }

  async importState(adapterId: string, state: AdapterState, options: { optimizer: boolean }): Promise<void> {
    const adapter = this.adapter(adapterId);
    requireStateFits(adapterId, this.model(adapter.baseModel).config, adapter.lora, state);
    const { passes } = adapter.state;
    adapter.state = options.optimizer ? { ...state, ...NO_GRADIENTS } : { ...freshState(state.weights), passes };
  }

  async forward(target: ModelTarget, request: ForwardRequest): Promise<ForwardResult> {
    const { runtime, adapter } = this.resolve(target);
    const pass = this.pass(runtime, adapter, request);
    const { result, logprobs } = await this.inTurn(() => pass.forward());
    return { loss: result.loss, metrics: result.metrics, logprobs };
  }

  async forwardBackward(adapterId: string, request: ForwardRequest): Promise<ForwardResult> {
    const adapter = this.adapter(adapterId);
    const { runtime } = this.model(adapter.baseModel);
    const pass = this.pass(runtime, passAdapter(adapter), request);
    const { result, logprobs, gradients } = await this.inTurn(() => pass.forwardBackward());
    const { state } = adapter;
    adapter.state = { ...state, ...accumulate(state, gradients) };
    return { loss: result.loss, metrics: result.metrics, logprobs };
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
    return gradientPasses;
  }

  async generate(target: ModelTarget, request: GenerateRequest, options?: GenerateOptions): Promise<GenerateResult> {
    const { runtime, adapter, decode } = this.resolve(target);
    const model: GenerationModel = {
      runtime,
      decode,
      variant: variantOf(adapter?.lora ?? null),
      feeds: adapter?.feeds ?? [],
    };
    const generation = generate(model, request, options);
    this.generations.add(generation);
    try {
      return await generation;
    } finally {
      this.generations.delete(generation);
    }
  }

  private pass(runtime: ModelRuntime, adapter: PassAdapter | null, request: ForwardRequest): TrainingPass {
    const { losses, memoryBudgetBytes } = this.options;
    const lossFunction = losses.functionOf(request.loss);
    const loss: PassLoss = { lossFunction, config: losses.resolveConfig(lossFunction, request.loss.config) };
    return new TrainingPass(runtime, adapter, request, loss, this.passMemory, memoryBudgetBytes);
  }

  /** Passes hold much memory while they run: one at a time. */
  private inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.passes.then(run);
    this.passes = turn.catch(() => undefined);
    return turn;
  }

  private resolve(target: ModelTarget) {
    if (target.kind === 'base') return { ...this.model(target.baseModel), adapter: null };
    if (target.kind === 'adapter') {
      const adapter = this.adapter(target.adapterId);
      return { ...this.model(adapter.baseModel), adapter: passAdapter(adapter) };
    }
    const model = this.model(target.baseModel);
    requireFits(target.id, model.config, target.lora, target.weights);
    return { ...model, adapter: { lora: target.lora, feeds: loraFeeds(target.lora, target.weights), passes: 0 } };
  }

  private adapter(id: string) {
    const adapter = this.adapters.get(id);
    if (!adapter) throw new UnknownAdapterError(id);
    return adapter;
  }

  private model(name: string) {
    const model = this.models.get(name);
    if (!model) throw new UnknownBaseModelError(name, [...this.models.keys()]);
    return model;
  }
}

function passAdapter(adapter: LiveAdapter): PassAdapter {
  return { lora: adapter.lora, feeds: adapter.feeds(), passes: adapter.state.passes };
}
