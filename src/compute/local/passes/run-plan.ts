import { largest } from '../../../common/largest.js';
import { type LocalItem } from './pass-part.js';
import { type RunMember } from './local-run.js';
import { trainingBytes } from './micro-batches.js';
import { type PartLayout } from './part-layout.js';
import { loraParameterCount } from '../../models/adapter-modules.js';

export interface SharingLimits {
  /** Parts run together up to this many tokens; one that has more runs alone. 0: none run together. */
  readonly tokens: number;
  readonly memoryBytes: number;
}

/** How much longer than what it holds a padded layout may be. */
const MAX_PADDING = 2;

/**
 * Divides the parts of items into runs. Parts of one item stay in their order, in which its gradients are added up; else
 * those of similar length go together, so that attention and the slots of adapters pad little.
 */
export function planRuns(items: readonly LocalItem[], limits: SharingLimits): readonly (readonly RunMember[])[] {
  return groups(items).flatMap((group) => {
    const members = group
      .flatMap((item) => item.parts.map((part, order) => ({ item, part, order })))
      .sort((a, b) => a.order - b.order || longest(b.part) - longest(a.part));
    const runs: RunMember[][] = [];
    for (const member of members) {
      const last = runs.at(-1);
      if (last && fits([...last, member], limits)) last.push(member);
      else runs.push([member]);
    }
    return runs;
  });
}

/** Items that can share runs, in the order in which they come. */
function groups(items: readonly LocalItem[]): readonly (readonly LocalItem[])[] {
  const found = new Map<string | LocalItem, LocalItem[]>();
  for (const item of items) {
    const key = item.sharing ?? item;
    found.set(key, [...(found.get(key) ?? []), item]);
  }
  return [...found.values()];
}

function fits(members: readonly RunMember[], limits: SharingLimits): boolean {
  const { item } = members[0]!;
  const parts = members.map(({ part }) => part);
  if (parts.some(({ recompute }) => recompute)) return false;
  const sequences = sumOf(parts, ({ lengths }) => lengths.length);
  const tokens = sumOf(parts, (part) => part.tokens.length);
  const padded = sequences * largest(parts, longest);
  const slotRows = parts.length * largest(parts, (part) => part.tokens.length);
  if (tokens > limits.tokens || padded > MAX_PADDING * tokens || slotRows > MAX_PADDING * tokens) return false;
  const load = { tokens, rows: sumOf(parts, ({ scored }) => scored.length), sequences };
  const bytes = trainingBytes(item.model, { ...load, longest: largest(parts, longest) });
  return bytes + stackBytes(item, parts.length) <= limits.memoryBytes;
}

/** Weights and gradients of the adapters, stacked. */
function stackBytes({ lora, stackedRank, model }: LocalItem, count: number): number {
  if (lora === null || stackedRank === null) return 0;
  return 2 * 4 * count * loraParameterCount(model.config, { ...lora, rank: stackedRank });
}

function longest({ lengths }: PartLayout): number {
  return lengths.reduce((most, length) => Math.max(most, length), 0);
}

function sumOf(parts: readonly PartLayout[], count: (part: PartLayout) => number): number {
  return parts.reduce((sum, part) => sum + count(part), 0);
}
