import { hostTensor, type HostTensor } from '../../graph/program.js';
import { type NextToken, type SequenceStep } from '../../model-engine.js';
import { LOG_SUM, LOGITS } from '../../models/generation-graph.js';
import { KvCache } from './kv-cache.js';
import { variantOf } from '../model-runtime.js';
import { type PinnedWeights } from '../pinned-weights.js';

/** Sequences of equal length with one cache: those that were forked together. */
interface Group {
  readonly weights: PinnedWeights;
  cache: KvCache;
  /** The open sequences, in the order of the cache's rows. */
  members: readonly number[];
}

/** Open sequences of tokens, with the keys and values of what they have read. */
export class Sequences {
  private readonly groups = new Map<number, Group>();
  private nextId = 0;

  open(weights: PinnedWeights): number {
    const [id] = this.add(weights, new KvCache(weights.runtime.config, 1), 1);
    return id!;
  }

  fork(sequence: number, count: number, length?: number): readonly number[] {
    const { weights, cache, members } = this.groupOf(sequence);
    const row = members.indexOf(sequence);
    return this.add(
      weights,
      cache.copy(
        Array.from({ length: count }, () => row),
        length,
      ),
      count,
    );
  }

  /** Sequences that were forked together and take equally many tokens run at once, the others one after another. */
  async advance(steps: readonly SequenceStep[]): Promise<readonly (readonly NextToken[])[]> {
    const results = new Map<SequenceStep, readonly NextToken[]>();
    for (const together of this.batches(steps)) {
      const group = this.aloneInGroup(together);
      const next = await run(group, together);
      let taken = 0;
      for (const step of together) {
        const count = step.rows?.length ?? 1;
        results.set(step, next.slice(taken, taken + count));
        taken += count;
      }
    }
    return steps.map((step) => results.get(step)!);
  }

  close(sequences: readonly number[]): void {
    for (const id of sequences) this.groups.delete(id);
  }

  private add(weights: PinnedWeights, cache: KvCache, count: number): readonly number[] {
    const members = Array.from({ length: count }, () => this.nextId++);
    const group: Group = { weights, cache, members };
    for (const id of members) this.groups.set(id, group);
    return members;
  }

  private groupOf(sequence: number): Group {
    const group = this.groups.get(sequence);
    if (!group) throw new Error(`Sequence ${sequence} is not open.`);
    return group;
  }

  private batches(steps: readonly SequenceStep[]): Iterable<readonly SequenceStep[]> {
    const batches = new Map<Group, Map<number, SequenceStep[]>>();
    for (const step of steps) {
      const group = this.groupOf(step.sequence);
      const ofGroup = batches.get(group) ?? new Map<number, SequenceStep[]>();
      batches.set(group, ofGroup);
      ofGroup.set(step.tokens.length, [...(ofGroup.get(step.tokens.length) ?? []), step]);
    }
    return [...batches.values()].flatMap((ofGroup) => [...ofGroup.values()]);
  }

  /** The group of these sequences alone, in this order: others that are still open part from them. */
  private aloneInGroup(steps: readonly SequenceStep[]): Group {
    const group = this.groupOf(steps[0]!.sequence);
    const advancing = steps.map(({ sequence }) => sequence);
    const staying = group.members.filter((id) => this.groups.get(id) === group && !advancing.includes(id));
    const rowsOf = (ids: readonly number[]) => ids.map((id) => group.members.indexOf(id));
    if (staying.length > 0) {
      const rest: Group = { ...group, cache: group.cache.copy(rowsOf(staying)), members: staying };
      for (const id of staying) this.groups.set(id, rest);
    }
    if (advancing.join() !== group.members.join()) group.cache.select(rowsOf(advancing));
    group.members = advancing;
    return group;
  }
}

/** Appends equally many tokens to all sequences of a group. @returns what comes after the rows asked for */
async function run({ weights, cache }: Group, steps: readonly SequenceStep[]): Promise<NextToken[]> {
  const { runtime, adapter } = weights;
  const count = steps[0]!.tokens.length;
  const tokens = new Int32Array(steps.length * count);
  steps.forEach((step, row) => tokens.set(step.tokens, row * count));
  const positions = BigInt64Array.from(tokens, (_, i) => BigInt(cache.length + (i % count)));
  const last = Int32Array.from(
    steps.flatMap(({ rows }, b) => (rows ? Array.from(rows, (row) => b * count + row) : [(b + 1) * count - 1])),
  );
  const past = cache.feeds();
  const capacity = past[0]![1].shape[2]!;
  const inputs = new Map<string, HostTensor>([
    ...(adapter?.feeds ?? []),
    ...past,
    ...runtime.tables.rotary(cache.length + count),
    ['tokens', hostTensor(tokens, [tokens.length])],
    ['positions', hostTensor(positions, [positions.length, 1])],
    ['mask', runtime.tables.causalMask(count)],
    ['last', hostTensor(last, [last.length])],
    ['sizes', hostTensor(BigInt64Array.of(BigInt(capacity), BigInt(count)), [2])],
  ]);
  const outputs = await runtime.use('generation', variantOf(adapter?.lora ?? null), (program) => program.run(inputs));
  cache.append(outputs, count);
  const { data, shape } = outputs.get(LOGITS)!;
  const logSums = outputs.get(LOG_SUM)!.data;
  const row = (b: number) => data.subarray(b * shape[1]!, (b + 1) * shape[1]!);
  return Array.from({ length: last.length }, (_, b) => ({ logits: row(b), logSum: logSums[b]! }));
}
