import { type NamedTensor } from '../../../domain/adapter/adapter-state.js';
import { type CompiledProgram, type HostTensor, resultShapes } from '../../graph/program.js';
import { type RunLogprobs, type RunSlopes } from '../../model-engine.js';
import { gradientName, LOGPROBS } from '../../models/training-graph.js';
import { type ProgramKind, type ProgramVariant } from '../model-runtime.js';
import { type PinnedAdapter } from '../pinned-weights.js';
import { type AdapterStacks, fromStack } from './adapter-stacks.js';
import { dropoutFeeds } from './dropout.js';
import { type PassMemory } from './pass-memory.js';
import { type ItemPart, type LocalItem } from './pass-part.js';
import { coefficientFeed, divideRows, type PackedRun, packRun, type RunLayout, slopeFeeds } from './run-feeds.js';
import { slotFeeds } from './slot-feeds.js';

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

/** Parts that run together, of items that agree in everything that shapes a program. */
export class LocalRun {
  private readonly packed: PackedRun;
  private readonly layout: RunLayout;
  private readonly variant: ProgramVariant;
  private readonly adapters: readonly PinnedAdapter[];
  /** What the last forward left to its backward. */
  private saved: Feeds = new Map();

  constructor(
    private readonly members: readonly RunMember[],
    private readonly memory: KeptMemory,
  ) {
    const { item, part } = members[0]!;
    this.adapters = members.flatMap(({ item: { weights } }) => weights.adapter ?? []);
    const slots = this.adapters.length > 1;
    const attention = part.recompute ? 'blocks' : undefined;
    this.layout = { headLora: item.model.headLora, slots, minRows: item.minRows, attention };
    this.packed = packRun(
      members.map((member) => member.part),
      this.layout,
      item.weights.runtime.tables,
    );
    this.variant = { ...item.variant, slots, attention: this.packed.attention, recompute: part.recompute };
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
    const { adapters, packed, variant } = this;
    const masks = variant.dropout ? dropoutFeeds(program, packed, adapters) : [];
    return new Map([...packed.feeds, ...this.adapterFeeds(), ...masks, ...more]);
  }

  private adapterFeeds(): readonly [string, HostTensor][] {
    const { adapters, packed, layout, memory } = this;
    if (!layout.slots) return adapters[0]?.feeds ?? [];
    const weights = adapters.map((adapter) => adapter.weights);
    const loras = adapters.map(({ lora }) => lora);
    return [...memory.stacks.feeds(weights, this.first.stackedRank!), ...slotFeeds(packed, loras, layout)];
  }

  private logprobsOf(outputs: Feeds): RunLogprobs {
    const rows = outputs.get(LOGPROBS)!.data as Float32Array;
    // Kept memory is written again by the next run, which may be another one than this.
    return divideRows(this.packed, this.layout.slots ? rows.slice() : rows, this.packed.parts[0]!.width);
  }

  private addGradients(outputs: Feeds): void {
    this.members.forEach(({ item }, place) => {
      item.gradients.add(this.gradientsOf(outputs, place, item.weights.adapter!));
    });
  }

  private *gradientsOf(
    outputs: Feeds,
    place: number,
    { weights }: PinnedAdapter,
  ): Generator<readonly [string, NamedTensor]> {
    for (const [name, like] of weights) {
      const gradient = outputs.get(gradientName(name))!;
      if (this.layout.slots) yield [name, fromStack(gradient, place, like)];
      else yield [name, { shape: gradient.shape, data: gradient.data as Float32Array }];
    }
  }
}
