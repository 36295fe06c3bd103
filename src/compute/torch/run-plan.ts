import { largest } from '../../common/largest.js';
import { datumCount } from '../../domain/ragged-tensor.js';
import { type PassItem, type PassRun, type RunPart } from '../model-engine.js';

export interface RunLimits {
  /** Most tokens of a part, and of a run with several parts; a datum that has more makes a part alone. */
  readonly tokens: number;
  /** May parts of several items share a run? */
  readonly sharing: boolean;
}

/** An item of a pass, and its index in it. */
export interface PlannedItem {
  readonly index: number;
  readonly item: PassItem;
  /** Items of one base model can share runs. */
  readonly baseModel: string;
}

/** How much longer than its tokens a run may be when its datums are padded to the longest. */
const MAX_PADDING = 2;

/**
 * Divides the items of a pass into runs. Each is first divided into parts, which depends on the item alone, so that its
 * gradients are added up in the same order in any company; then parts of several items go together. Parts of one item stay
 * in their order; else those of similar length go together, so that little is padded.
 */
export function planRuns(items: readonly PlannedItem[], limits: RunLimits): PassRun[] {
  const members = items.flatMap((planned) =>
    divide(planned.item, limits.tokens).map((datums, order) => ({
      planned,
      datums,
      order,
      load: loadOf(planned.item, datums),
    })),
  );
  members.sort((a, b) => a.order - b.order || b.load.longest - a.load.longest);
  const runs: { parts: RunPart[]; load: Load; baseModel: string }[] = [];
  for (const { planned, datums, load } of members) {
    const { baseModel, index } = planned;
    const last = runs.findLast((run) => run.baseModel === baseModel);
    const together = last && combine(last.load, load);
    if (last && together && limits.sharing && fits(together, limits.tokens)) {
      last.parts.push({ item: index, datums });
      last.load = together;
    } else {
      runs.push({ parts: [{ item: index, datums }], load, baseModel });
    }
  }
  return runs.map(({ parts }) => ({ parts }));
}

/**
 * The parts of an item: datums of similar length, the longest first, at most `maxTokens` tokens each. Datums without a
 * scored position are in none.
 */
function divide({ tokens, scored }: PassItem, maxTokens: number): number[][] {
  const length = (datum: number) => tokens.offsets[datum + 1]! - tokens.offsets[datum]!;
  const isScored = (datum: number) =>
    scored.subarray(tokens.offsets[datum], tokens.offsets[datum + 1]).some((flag) => flag === 1);
  const byLength = Array.from({ length: datumCount(tokens) }, (_, datum) => datum)
    .filter(isScored)
    .sort((a, b) => length(b) - length(a) || a - b);
  const parts: number[][] = [];
  let room = 0;
  for (const datum of byLength) {
    if (parts.length === 0 || length(datum) > room) {
      parts.push([]);
      room = maxTokens;
    }
    parts.at(-1)!.push(datum);
    room -= length(datum);
  }
  return parts;
}

interface Load {
  readonly tokens: number;
  readonly datums: number;
  readonly longest: number;
}

function loadOf({ tokens }: PassItem, datums: readonly number[]): Load {
  const length = (datum: number) => tokens.offsets[datum + 1]! - tokens.offsets[datum]!;
  return {
    tokens: datums.reduce((sum, datum) => sum + length(datum), 0),
    datums: datums.length,
    longest: largest(datums, length),
  };
}

function combine(a: Load, b: Load): Load {
  return { tokens: a.tokens + b.tokens, datums: a.datums + b.datums, longest: Math.max(a.longest, b.longest) };
}

function fits({ tokens, datums, longest }: Load, maxTokens: number): boolean {
  return tokens <= maxTokens && datums * longest <= MAX_PADDING * tokens;
}
