import { type AdapterTensors } from '../../../domain/adapter/adapter-state.js';
import { isMixed, loraScale, type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { type HostTensor } from '../../graph/program.js';
import { loraParameterCount } from '../../models/adapter-modules.js';
import { HEAD_SLOTS, LAYER_SLOTS } from '../../models/lora-linears.js';
import { type ProgramVariant, variantOf } from '../model-runtime.js';
import { AdapterStacks, stackedShapes } from '../passes/adapter-stacks.js';
import { rankClass } from '../passes/pass-part.js';
import { slotInputFeeds } from '../passes/slot-feeds.js';
import { type PinnedAdapter, type PinnedWeights } from '../pinned-weights.js';

/** onnxruntime's threads share out a product from this number of multiplications on (MLAS_SGEMM_THREAD_COMPLEXITY). */
const SHARED_OUT = 65_536;
/** Where threads share out the columns of a product, they do so in blocks of this size. */
const COLUMN_BLOCK = 16;
/** Memory for the stacked weights of a run. */
const STACK_BYTES = 2 ** 29;

/** Adapters with the same key can share a run: A and B are stacked. An adapter without such a key shares it with itself. */
export function sharingKey({ runtime, adapter }: PinnedWeights): unknown {
  if (!adapter) return runtime;
  const rank = stackedRank(adapter.lora);
  if (rank === null) return adapter.weights;
  const { targets, excluded = [] } = variantOf(adapter.lora);
  return JSON.stringify([runtime.name, rank, [...targets].sort(), [...excluded].sort()]);
}

/** Null where the adapter is not stacked. */
function stackedRank(lora: LoraSpec): number | null {
  return isMixed(lora) ? null : rankClass(lora);
}

/** Adapters of this kind that a run has memory for. */
export function adaptersPerRun({ runtime, adapter }: PinnedWeights): number {
  const rank = adapter && stackedRank(adapter.lora);
  if (rank === null) return 1;
  const bytes = loraParameterCount(runtime.config, { ...adapter!.lora, rank }) * Float32Array.BYTES_PER_ELEMENT;
  return Math.max(1, Math.floor(STACK_BYTES / bytes));
}

/** For each row of a run, or of those whose logits are asked for, the adapter that it belongs to. */
interface RowOwners {
  readonly layers: readonly PinnedAdapter[];
  readonly head: readonly PinnedAdapter[];
}

/** What a run is fed for its adapters, and by which variant of the program it runs. */
export interface AdapterFeeds {
  readonly variant: ProgramVariant;
  readonly feeds: readonly [string, HostTensor][];
}

/** The adapters of the runs, each in its slot of the stacks of weights, which are kept from run to run. */
export class AdapterSlots {
  private readonly stacks = new AdapterStacks();
  /** By weights, which an adapter has others of after each step: those that nobody uses any more are not held here. */
  private readonly order = new WeakMap<AdapterTensors, number>();
  private seen = 0;

  /** Several adapters are stacked; so is one whose rows are too few for a product that threads share out. */
  feeds({ runtime, adapter }: PinnedWeights, owners: RowOwners): AdapterFeeds {
    if (!adapter) return { variant: variantOf(null), feeds: [] };
    const variant = variantOf(adapter.lora);
    const adapters = this.inOrder(owners.layers);
    const rank = stackedRank(adapter.lora);
    const shape = { adapters: adapters.length, rank: rank ?? 0, threads: runtime.threads };
    const rowsFor = (rows: readonly PinnedAdapter[]) => fewestRows(shape, mostOf(rows), largestInput(runtime.config));
    const headLora = adapter.lora.targetModules.includes('lm_head');
    const few =
      rowsFor(owners.layers) > owners.layers.length || (headLora && rowsFor(owners.head) > owners.head.length);
    if (adapters.length === 1 && (rank === null || !few)) return { variant, feeds: adapter.feeds };
    const loras = adapters.map(({ lora }) => lora);
    const stacked = this.stacks.feeds(
      adapters.map(({ weights }) => weights),
      stackedShapes(adapter.weights, rank!),
    );
    const inputs = (names: typeof LAYER_SLOTS, rows: readonly PinnedAdapter[]) =>
      slotInputFeeds(names, { ...rowsByOwner(adapters, rows), scales: scalesOf(loras), minRows: rowsFor(rows) });
    return {
      variant: { ...variant, slots: true },
      feeds: [...stacked, ...inputs(LAYER_SLOTS, owners.layers), ...(headLora ? inputs(HEAD_SLOTS, owners.head) : [])],
    };
  }

  /** Each once, in the order in which they were first seen: so most keep their slot from run to run. */
  private inOrder(rows: readonly PinnedAdapter[]): PinnedAdapter[] {
    const found = new Map(rows.map((adapter) => [adapter.weights, adapter]));
    for (const weights of found.keys()) if (!this.order.has(weights)) this.order.set(weights, this.seen++);
    return [...found.values()].sort((a, b) => this.order.get(a.weights)! - this.order.get(b.weights)!);
  }
}

const scalesOf = (loras: readonly LoraSpec[]) => loras.map((lora) => loraScale(lora));

/**
 * Rows that each adapter has at least. Where threads share out a product with A, they divide its rows if it has as many as
 * columns, else its columns, and sums over fewer columns are cut at other indices.
 */
function fewestRows(shape: { adapters: number; rank: number; threads: number }, most: number, inputs: number): number {
  const { adapters, rank, threads } = shape;
  const sharedOut = adapters < threads && adapters * most * rank * inputs >= SHARED_OUT;
  return rank > COLUMN_BLOCK && sharedOut ? rank : 1;
}

function largestInput({ hiddenSize, intermediateSize, headCount, headDim }: TransformerConfig): number {
  return Math.max(hiddenSize, intermediateSize, headCount * headDim);
}

/** Rows of the adapter that has most. */
function mostOf(rows: readonly PinnedAdapter[]): number {
  const counts = new Map<AdapterTensors, number>();
  for (const { weights } of rows) counts.set(weights, (counts.get(weights) ?? 0) + 1);
  return [...counts.values()].reduce((most, count) => Math.max(most, count), 0);
}

function rowsByOwner(adapters: readonly PinnedAdapter[], rows: readonly PinnedAdapter[]) {
  const slots = new Map(adapters.map(({ weights }, i) => [weights, i]));
  const owners = Int32Array.from(rows, ({ weights }) => slots.get(weights)!);
  const own = adapters.map((_, i) => Int32Array.from([...owners.keys()].filter((row) => owners[row] === i)));
  return { rows: own, owners };
}
