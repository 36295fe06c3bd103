import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState, type AdapterTensors } from '../../domain/adapter/adapter-state.js';
import { type RankMemory } from '../../domain/rank-memory.js';
import { type AdapterHandle, type OptimStepResult, type StateDescription } from '../compute-backend.js';
import {
  type EngineCapabilities,
  type EngineModel,
  ModelEngine,
  type NextToken,
  type OpenPass,
  type PassItem,
  type RunLogprobs,
  type RunSlopes,
  type SequenceStep,
  type WeightsRef,
} from '../model-engine.js';
import { UnknownBaseModelError } from '../numerics/engine.errors.js';
import { EngineStoppedError } from '../engine-stopped.error.js';
import { type Merge, same, shared } from './merge-answers.js';
import { type CallArgs, type CallName, type CallValue, type RankInfo, type WireNext } from './ranks/rank-calls.js';
import { toAppError } from './ranks/rank-errors.js';
import { type RankGroup } from './ranks/rank-group.js';
import { type PlannedItem, planRuns } from './run-plan.js';
import { GroupLostError } from './torch.errors.js';
import { TorchPass } from './torch-pass.js';
import { fromWireState, toWireRows, toWireState, toWireTensors } from './frames/wire-tensors.js';

/** Starts and ends the group of ranks that an engine computes with. */
export interface RankSupply {
  /** The ranks, which are connected. @throws why there are none */
  start(onLost: (error: GroupLostError) => void): Promise<RankGroup>;
  /** Ends every rank that is left; where the ranks are still waited for, start() fails. */
  stop(): Promise<void>;
}

export interface TorchEngineOptions {
  /** Shown as the engine's name. */
  readonly name: string;
  readonly supply: RankSupply;
  readonly models: readonly Pick<EngineModel, 'name' | 'config'>[];
  /** Called when the ranks are gone after start(). Calls are not answered from then on: whoever owns the engine ends it. */
  readonly onLost: (error: GroupLostError) => void;
}

const NO_LOGITS = new Float32Array(0);

/** Adapters of higher rank would cost as much as training the model itself. */
const MAX_RANK = 256;

/**
 * Runs models on PyTorch ranks, which are processes of their own, here or on other hosts. It names passes and sequences,
 * divides passes into runs, and makes one answer of those of all ranks; the numbers and the weights are theirs.
 */
export class TorchEngine extends ModelEngine {
  private group: RankGroup | null = null;
  private info: RankInfo | null = null;
  private nextId = 0;
  private readonly passes = new Map<number, TorchPass>();
  /** Base models of adapters and of sampler weights, by id. */
  private readonly adapters = new Map<string, string>();
  private readonly samplerWeights = new Map<string, string>();

  constructor(private readonly options: TorchEngineOptions) {
    super();
  }

  get capabilities(): EngineCapabilities {
    const { info, group } = this;
    if (!info || !group) throw new EngineStoppedError('its ranks have not started');
    const { device, batching, repeatability, passTokens, sequenceBytes, models } = info;
    const { name: engine } = this.options;
    return {
      engine,
      device,
      maxRank: MAX_RANK,
      ranks: group.size,
      repeatability,
      batching,
      passTokens,
      ...(sequenceBytes === null ? {} : { sequenceBytes }),
      models: models.map((model) => ({ ...model, config: this.configOf(model.name) })),
    };
  }

  override get ranksMemory(): readonly RankMemory[] {
    return this.group?.memory ?? [];
  }

  async start(): Promise<void> {
    this.group = await this.options.supply.start((error) => {
      if (this.info) this.options.onLost(error);
    });
    this.info = await this.group.call('start', {}, commonInfo);
  }

  async stop(): Promise<void> {
    // A group that is gone has nothing to say.
    if (this.info) await this.group?.call('stop', {}, same).catch(() => undefined);
    this.info = null;
    this.group?.close();
    await this.options.supply.stop();
  }

  async createAdapter(adapter: AdapterHandle, state: AdapterState): Promise<void> {
    await this.call('createAdapter', { adapter, state: toWireState(state) }, same);
    this.adapters.set(adapter.id, adapter.baseModel);
  }

  async deleteAdapter(adapterId: string): Promise<void> {
    this.adapters.delete(adapterId);
    await this.call('deleteAdapter', { id: adapterId }, same);
  }

  async exportState(adapterId: string): Promise<AdapterState> {
    return fromWireState(await this.call('exportState', { id: adapterId }, shared<CallValue<'exportState'>>));
  }

  digestState(adapterId: string): Promise<string> {
    return this.call('digestState', { id: adapterId }, same);
  }

  describeState(adapterId: string): Promise<StateDescription> {
    return this.call('describeState', { id: adapterId }, same);
  }

  async importState(adapterId: string, state: AdapterState, { optimizer }: { optimizer: boolean }): Promise<void> {
    await this.call('importState', { id: adapterId, state: toWireState(state), optimizer }, same);
  }

  step(adapterId: string, params: AdamParams): Promise<OptimStepResult> {
    return this.call('step', { id: adapterId, params }, same);
  }

  dropGradients(adapterId: string): Promise<number> {
    return this.call('dropGradients', { id: adapterId }, same);
  }

  async loadWeights(adapter: AdapterHandle, tensors: AdapterTensors): Promise<void> {
    await this.call('loadWeights', { adapter, weights: toWireTensors(tensors) }, same);
    this.samplerWeights.set(adapter.id, adapter.baseModel);
  }

  async dropWeights(id: string): Promise<void> {
    this.samplerWeights.delete(id);
    await this.call('dropWeights', { id }, same);
  }

  async openPass(items: readonly PassItem[]): Promise<OpenPass> {
    const id = this.nextId++;
    const planned = items.map((item, index) => ({ item, index, baseModel: this.baseModelOf(item.weights) }));
    const wireItems = items.map(({ tokens, targets, ...item }) => ({
      ...item,
      tokens: toWireRows(tokens),
      targets: toWireRows(targets),
    }));
    const { refused } = await this.call('openPass', { pass: id, items: wireItems }, same);
    const runs = this.plan(planned.filter(({ index }) => refused.every(({ item }) => item !== index)));
    this.passes.set(id, new TorchPass(items, runs, this.callsOf(id)));
    return { id, runs, refused: refused.map(({ item, error }) => ({ item, error: toAppError(error) })) };
  }

  forward(pass: number, run: number): Promise<RunLogprobs> {
    return this.pass(pass).forward(run);
  }

  backward(pass: number, run: number, dLogprobs: readonly Float32Array[]): Promise<void> {
    return this.pass(pass).backward(run, dLogprobs);
  }

  fused(pass: number, run: number, slopes: readonly RunSlopes[]): Promise<RunLogprobs> {
    return this.pass(pass).fused(run, slopes);
  }

  async keepGradients(pass: number, item: number): Promise<void> {
    await this.call('keepGradients', { pass, item }, same);
  }

  async closePass(pass: number): Promise<void> {
    this.passes.delete(pass);
    await this.call('closePass', { pass }, same);
  }

  async openSequence(weights: WeightsRef): Promise<number> {
    const sequence = this.nextId++;
    await this.call('openSequence', { sequence, weights }, same);
    return sequence;
  }

  async forkSequence(sequence: number, count: number, length?: number): Promise<readonly number[]> {
    const forks = Array.from({ length: count }, () => this.nextId++);
    await this.call('forkSequence', { sequence, forks, length }, same);
    return forks;
  }

  async advance(steps: readonly SequenceStep[]): Promise<readonly (readonly NextToken[])[]> {
    // Where nothing is shared, every sequence has a call to itself, so that its numbers do not depend on the others.
    const calls = this.info?.batching === 'off' ? steps.map((step) => [step]) : [steps];
    const found = calls.map((own) => this.call('advance', { steps: own }, shared<CallValue<'advance'>>));
    return (await Promise.all(found)).flat().map((next, i) => rowsOf(next, steps[i]!));
  }

  async closeSequences(sequences: readonly number[]): Promise<void> {
    await this.call('closeSequences', { sequences }, same);
  }

  /** Ranks that are gone give no answer, which would be taken for that of the request; the owner ends the engine. */
  private async call<Name extends CallName, Merged>(
    name: Name,
    args: CallArgs<Name>,
    merge: Merge<CallValue<Name>, Merged>,
  ): Promise<Merged> {
    if (!this.group || !this.info) throw new EngineStoppedError('its ranks have not started');
    try {
      return await this.group.call(name, args, merge);
    } catch (error) {
      if (error instanceof GroupLostError && this.info) return new Promise(() => undefined);
      throw error;
    }
  }

  private callsOf(pass: number) {
    return {
      forward: (parts: CallArgs<'forward'>['parts']) =>
        this.call('forward', { pass, parts }, shared<CallValue<'forward'>>),
      backward: async (dLogprobs: readonly Float32Array[]) => {
        await this.call('backward', { pass, dLogprobs }, same);
      },
      fused: (parts: CallArgs<'fused'>['parts'], slopes: readonly RunSlopes[]) =>
        this.call('fused', { pass, parts, slopes }, shared<CallValue<'fused'>>),
    };
  }

  private plan(items: readonly PlannedItem[]): OpenPass['runs'] {
    const { passTokens, batching } = this.capabilities;
    return planRuns(items, { tokens: passTokens, sharing: batching !== 'off' });
  }

  /** Ids that are unknown here are unknown to the ranks, which refuse the item. */
  private baseModelOf(weights: WeightsRef): string {
    if (weights.kind === 'base') return weights.baseModel;
    return (weights.kind === 'adapter' ? this.adapters : this.samplerWeights).get(weights.id) ?? '';
  }

  private configOf(name: string): EngineModel['config'] {
    const { models } = this.options;
    const model = models.find((each) => each.name === name);
    if (!model) {
      const known = models.map((each) => each.name);
      throw new UnknownBaseModelError(name, known);
    }
    return model.config;
  }

  private pass(id: number): TorchPass {
    const pass = this.passes.get(id);
    if (!pass) throw new Error(`Pass ${id} is not open.`);
    return pass;
  }
}

/** What holds for all ranks: they run the same models, and the one with the least memory sets the limits. */
function commonInfo(infos: readonly RankInfo[]): RankInfo {
  const common = infos.map(({ device, batching, repeatability, models }) => ({
    device,
    batching,
    repeatability,
    models,
  }));
  const { device, batching, repeatability, models } = same(common);
  const budgets = infos.flatMap(({ sequenceBytes }) => (sequenceBytes === null ? [] : [sequenceBytes]));
  return {
    device,
    batching,
    repeatability,
    models,
    passTokens: smallest(infos.map(({ passTokens }) => passTokens)),
    sequenceBytes: budgets.length === 0 ? null : smallest(budgets),
  };
}

function smallest(numbers: readonly number[]): number {
  return numbers.reduce((least, value) => Math.min(least, value), Infinity);
}

function rowsOf({ logits, logSums, drawn, named }: WireNext, step: SequenceStep): NextToken[] {
  const width = logits.shape.at(-1)!;
  const offsets = named && step.named ? step.named.offsets : [0];
  const namedRows = offsets.length - 1;
  return Array.from(logSums.data, (logSum, row): NextToken => {
    if (row < namedRows) {
      return { logits: NO_LOGITS, named: named!.data.subarray(offsets[row], offsets[row + 1]), logSum };
    }
    if (drawn) return { logits: logits.data, drawn: drawn.data, logSum };
    const from = (row - namedRows) * width;
    return { logits: logits.data.subarray(from, from + width), logSum };
  });
}
