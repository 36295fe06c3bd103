import { type NamedTensor } from '../../../domain/adapter/adapter-state.js';
import { largest } from '../../../common/largest.js';
import { type CompiledProgram, type HostTensor, type Program, resultShapes } from '../../graph/program.js';
import { type RunLogprobs, type RunSlopes } from '../../model-engine.js';
import { gradientName, LOGPROBS } from '../../models/training-graph.js';
import { type ProgramKind, type ProgramVariant } from '../model-runtime.js';
import { type PinnedAdapter } from '../pinned-weights.js';
import { type AdapterStacks, fromStack, stacksOf } from './adapter-stacks.js';
import { dropoutFeeds } from './dropout.js';
import { type PassMemory } from './pass-memory.js';
import { type ItemPart, type LocalItem } from './pass-part.js';
import { coefficientFeed, divideRows, type PackedRun, packRun, type RunLayout, slopeFeeds } from './run-feeds.js';
import { runVariant } from './run-variant.js';
import { moduleScaleFeeds, slotFeeds } from './slot-feeds.js';

type Feeds = ReadonlyMap<string, HostTensor>;

/** A part of an item in a run. */
export interface RunMember {
  readonly item: LocalItem;
  readonly part: ItemPart;
}

/** Memory that is kept from run to run. */
export interface KeptMemory {
  /** For what a forward leaves to its backward. */
  readonly saved: PassMemory;
  /** For the gradients of several adapters. */
  readonly gradients: PassMemory;
  readonly stacks: AdapterStacks;
}

/** Parts that run together, of items that can share a run. */
export class LocalRun {
  private readonly packed: PackedRun;
  private readonly layout: RunLayout;
  private readonly variant: ProgramVariant;
  /** That of each member; null for the bare base model. */
  private readonly adapters: readonly (PinnedAdapter | null)[];
  /** What the last forward left to its backward. */
  private saved: Feeds = new Map();

  constructor(
    private readonly members: readonly RunMember[],
    private readonly memory: KeptMemory,
  ) {
    const { item, part } = members[0]!;
    const variant = runVariant(members.map((member) => member.item));
    this.adapters = members.map(({ item: { weights } }) => weights.adapter);
    this.layout = {
      headLora: variant.targets.includes('lm_head'),
      slots: variant.slots ?? false,
      minRows: largest(members, (member) => member.item.minRows),
      attention: part.recompute ? 'blocks' : undefined,
    };
    this.packed = packRun(
      members.map((member) => member.part),
      this.layout,
      item.weights.runtime.tables,
    );
    this.variant = { ...variant, attention: this.packed.attention, recompute: part.recompute };
  }

  /** @returns the log-probs of the scored rows of each part */
  forward(): Promise<RunLogprobs> {
    const { train } = this.first.item;
    return this.use(train ? 'splitForward' : 'forward', async (program) => {
      const feeds = this.feeds(program);
      const into = train ? this.memory.saved.tensors(resultShapes(program.program, feeds)) : undefined;
      this.saved = await program.run(feeds, into);
      return this.logprobsOf(this.saved);
    });
  }

  backward(dLogprobs: readonly Float32Array[]): Promise<void> {
    return this.use('splitBackward', async (program) => {
      const feeds = this.feeds(program, [...this.saved, coefficientFeed(this.packed, dLogprobs)]);
      this.addGradients(await this.runKept(program, feeds));
    });
  }

  /** Both in one run, with coefficients that the program computes. */
  fused(slopes: readonly RunSlopes[]): Promise<RunLogprobs> {
    return this.use('fused', async (program) => {
      const outputs = await this.runKept(program, this.feeds(program, slopeFeeds(this.packed, slopes)));
      this.addGradients(outputs);
      return this.logprobsOf(outputs);
    });
  }

  private get first(): LocalItem {
    return this.members[0]!.item;
  }

  private use<T>(kind: ProgramKind, work: (program: CompiledProgram) => Promise<T>): Promise<T> {
    return this.first.weights.runtime.use(kind, this.variant, work);
  }

  /** Gradients of several adapters are cut apart, and so may lie in memory that is used again. */
  private runKept(program: CompiledProgram, feeds: Feeds): Promise<Feeds> {
    if (!this.layout.slots) return program.run(feeds);
    return program.run(feeds, this.memory.gradients.tensors(resultShapes(program.program, feeds)));
  }

  private feeds({ program }: CompiledProgram, more: readonly [string, HostTensor][] = []): Feeds {
    const { adapters, packed, variant, layout } = this;
    const masks = variant.dropout ? dropoutFeeds(program, packed, adapters) : [];
    const weights = layout.slots ? this.stackedFeeds(program) : (adapters[0]?.feeds ?? []);
    return new Map([...packed.feeds, ...weights, ...masks, ...more]);
  }

  private stackedFeeds(program: Program): [string, HostTensor][] {
    const { members, adapters, packed, layout, memory, variant } = this;
    const rank = largest(members, ({ item }) => item.stackedRank ?? 0);
    const loras = adapters.map((adapter) => adapter?.lora ?? null);
    const weights = adapters.map((adapter) => adapter?.weights ?? null);
    const mixed = variant.mixed ?? false;
    const stacks = stacksOf(program, rank);
    return [
      ...memory.stacks.feeds(weights, stacks),
      ...slotFeeds(packed, loras, { ...layout, mixed }),
      ...(mixed ? moduleScaleFeeds(stacks, loras) : []),
    ];
  }

  private logprobsOf(outputs: Feeds): RunLogprobs {
    const rows = outputs.get(LOGPROBS)!.data as Float32Array;
    // Kept memory is written again by the next run, which may be another one than this.
    return divideRows(this.packed, this.layout.slots ? rows.slice() : rows, this.packed.parts[0]!.width);
  }

  private addGradients(outputs: Feeds): void {
    this.members.forEach(({ item }, slot) => {
      item.gradients.add(this.gradientsOf(outputs, slot, item.weights.adapter!));
    });
  }

  private *gradientsOf(
    outputs: Feeds,
    slot: number,
    { weights }: PinnedAdapter,
  ): Generator<readonly [string, NamedTensor]> {
    for (const [name, like] of weights) {
      const gradient = outputs.get(gradientName(name))!;
      if (this.layout.slots) yield [name, fromStack(gradient, slot, like)];
      else yield [name, { shape: gradient.shape, data: gradient.data as Float32Array }];
    }
  }
}
