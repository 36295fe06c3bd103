import { largest } from '../../../common/largest.js';
import { loraParameterCount } from '../../models/adapter-modules.js';
import { type RunMember } from './local-run.js';
import { trainingBytes } from './micro-batches.js';
import { type PartLayout } from './part-layout.js';
import { type ProgramVariant } from '../model-runtime.js';
import { type LocalItem } from './pass-part.js';
import { runVariant } from './run-variant.js';

export interface SharingLimits {
  /** Parts run together up to this many tokens; one that has more runs alone. 0: none run together. */
  readonly tokens: number;
  readonly memoryBytes: number;
}

type Members = readonly RunMember[];

/** How much longer than what it holds a padded layout may be. */
const MAX_PADDING = 2;

/**
 * Where runs with different modules join, tokens pass LoRAs that are none of their own. Counted in tokens times modules, up
 * to this many cost less than a run saves: on the 135M shape a run costs as much by itself as 30 tokens, and LoRAs on five
 * more modules cost a third of a token.
 */
const MAX_FOREIGN = 700;
/** In modules: a LoRA on the vocabulary costs as much as those of a layer's linears, masks of 1 as much as two. */
const HEAD_COST = 7;
const DROPOUT_COST = 2;

/**
 * Divides the parts of items into runs. Adapters with the same modules go together; small runs then join those of other
 * modules.
 */
export function planRuns(items: readonly LocalItem[], limits: SharingLimits): readonly Members[] {
  return companies(items).flatMap((company) => {
    const alike = groupsBy(company, modulesOf).flatMap((group) => packed(group, limits));
    return joined(alike, limits);
  });
}

/** Items that can share runs, in the order in which they come. The bare base model goes with the first class of ranks. */
function companies(items: readonly LocalItem[]): readonly (readonly LocalItem[])[] {
  const classes = new Map<string, number | null>();
  for (const item of items) {
    if (!item.isLoner) classes.set(item.sharing, classes.get(item.sharing) ?? item.stackedRank);
  }
  return groupsBy(items, (item) =>
    item.isLoner ? item : `${item.sharing}/${item.stackedRank ?? classes.get(item.sharing)}`,
  );
}

function modulesOf({ lora, variant }: LocalItem): unknown {
  const { targets, excluded = [], dropout } = variant;
  return JSON.stringify([lora === null, dropout, [...targets].sort(), [...excluded].sort()]);
}

/**
 * Parts of one item stay in their order, in which its gradients are added up; else those of similar length go together, so
 * that attention and the slots of adapters pad little.
 */
function packed(group: readonly LocalItem[], limits: SharingLimits): Members[] {
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
}

/** Runs that fit into an earlier one join it, but for those of items with several parts, which stay in their order. */
function joined(runs: readonly Members[], limits: SharingLimits): Members[] {
  const result: Members[] = [];
  for (const run of runs) {
    const index = result.findIndex((other) => canJoin(other, run) && fits([...other, ...run], limits));
    if (index < 0) result.push(run);
    else result[index] = [...result[index]!, ...run];
  }
  return result;
}

function canJoin(one: Members, other: Members): boolean {
  const members = [...one, ...other];
  if (members.some(({ item }) => item.parts.length > 1)) return false;
  const cost = costOf(runVariant(members.map(({ item }) => item)));
  return sumOf(members, ({ item, part }) => part.tokens.length * (cost - costOf(item.variant))) <= MAX_FOREIGN;
}

/** What its LoRAs cost a token, in modules. */
function costOf({ targets, dropout = false }: ProgramVariant): number {
  const head = targets.includes('lm_head') ? HEAD_COST - 1 : 0;
  return targets.length + head + (dropout ? DROPOUT_COST : 0);
}

function fits(members: Members, limits: SharingLimits): boolean {
  const parts = members.map(({ part }) => part);
  if (members.some(({ item, part }) => item.isLoner || part.recompute)) return false;
  const sequences = sumOf(parts, ({ lengths }) => lengths.length);
  const tokens = sumOf(parts, (part) => part.tokens.length);
  const padded = sequences * largest(parts, longest);
  const slotRows = parts.length * largest(parts, (part) => part.tokens.length);
  if (tokens > limits.tokens || padded > MAX_PADDING * tokens || slotRows > MAX_PADDING * tokens) return false;
  const load = {
    tokens,
    rows: sumOf(parts, ({ scored }) => scored.length),
    sequences,
    longest: largest(parts, longest),
  };
  return runBytes(members, load) <= limits.memoryBytes;
}

/** What a run takes, with weights and gradients of its adapters, stacked. */
function runBytes(members: Members, load: Parameters<typeof trainingBytes>[1]): number {
  const items = members.map(({ item }) => item);
  const { targets, excluded, slots } = runVariant(items);
  const { config } = items[0]!.model;
  const bytes = trainingBytes({ config, headLora: targets.includes('lm_head') }, load);
  if (slots !== true) return bytes;
  const rank = largest(items, (item) => item.stackedRank ?? 0);
  const parameters = loraParameterCount(config, { rank, targetModules: targets, excludedModules: excluded ?? [] });
  return bytes + 2 * Float32Array.BYTES_PER_ELEMENT * members.length * parameters;
}

function groupsBy(items: readonly LocalItem[], keyOf: (item: LocalItem) => unknown): LocalItem[][] {
  const found = new Map<unknown, LocalItem[]>();
  for (const item of items) {
    const key = keyOf(item);
    found.set(key, [...(found.get(key) ?? []), item]);
  }
  return [...found.values()];
}

function longest({ lengths }: PartLayout): number {
  return largest(lengths, (length) => length);
}

function sumOf<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((sum, item) => sum + count(item), 0);
}
