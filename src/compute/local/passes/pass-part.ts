import { type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { type AdapterTensors } from '../../../domain/adapter/adapter-state.js';
import { type PassItem } from '../../model-engine.js';
import { type ProgramVariant, variantOf } from '../model-runtime.js';
import { type PinnedWeights } from '../pinned-weights.js';
import { GradientSum } from './gradient-sum.js';
import { microBatches, mustRecompute, type TrainedModel } from './micro-batches.js';
import { layOutPart, type PartLayout } from './part-layout.js';

/**
 * Rows that a product with an adapter's matrices has at least. With fewer, threads that share it out would get a single
 * row, which is multiplied in another way than several.
 */
const MIN_ROWS = 32;

/** Within a class, zeros up to its largest rank do not change how a product with A is summed; from class to class they do. */
const RANK_CLASSES = [16, 32, 64, 128] as const;

export interface ItemPart extends PartLayout {
  /** See TrainingGraphOptions. */
  readonly recompute: boolean;
}

/** One item of a pass: the parts that its datums are divided into, and their summed gradients. */
export class LocalItem {
  readonly variant: ProgramVariant;
  readonly parts: readonly ItemPart[];
  readonly gradients = new GradientSum();
  /** See layOutPart(). */
  readonly minRows: number;

  /**
   * The division depends on the item alone, so that its gradients are added up in the same order in any company.
   * @throws SequenceTooLargeError for a datum that does not fit the budget on its own
   */
  constructor(
    readonly item: PassItem,
    readonly weights: PinnedWeights,
    budgetBytes: number,
  ) {
    const { lora } = this;
    this.variant = { ...variantOf(lora), dropout: item.train && lora !== null && lora.dropout > 0 };
    this.minRows = lora === null ? 1 : Math.max(MIN_ROWS, rankClass(lora) ?? 0);
    const rows = scoredPerDatum(item);
    this.parts = microBatches(this.model, item.tokens, rows, budgetBytes)
      .map((datums) => ({
        ...layOutPart(item, datums, this.minRows),
        recompute: item.train && mustRecompute(this.model, item.tokens, rows, datums, budgetBytes),
      }))
      .filter(({ scored }) => scored.length > 0);
  }

  get lora(): LoraSpec | null {
    return this.weights.adapter?.lora ?? null;
  }

  get model(): TrainedModel {
    const headLora = this.lora?.targetModules.includes('lm_head') ?? false;
    return { config: this.weights.runtime.config, headLora };
  }

  /** Rank that the adapter has in a stack; null where it can be in none. */
  get stackedRank(): number | null {
    return this.lora && rankClass(this.lora);
  }

  /** @throws NonFiniteLossError */
  finish(): AdapterTensors | null {
    return this.gradients.finish();
  }

  /** Must it run alone? */
  get isLoner(): boolean {
    return this.lora !== null && this.stackedRank === null;
  }

  /** What items must agree in to share runs, besides the class of their ranks. */
  get sharing(): string {
    const { item, weights } = this;
    return JSON.stringify([weights.runtime.name, item.train, item.targets.trailingShape]);
  }
}

/** The class that all ranks of an adapter are in; null where there is none, and the adapter is in no stack. */
export function rankClass(lora: LoraSpec): number | null {
  const ranks = [lora.rank, ...Object.values(lora.rankPattern ?? {})];
  const classes = new Set(ranks.map((rank) => RANK_CLASSES.find((most) => rank <= most)));
  const [only] = classes;
  return classes.size === 1 ? (only ?? null) : null;
}

function scoredPerDatum({ tokens, scored }: PassItem): number[] {
  return Array.from({ length: tokens.offsets.length - 1 }, (_, datum) => {
    let count = 0;
    for (let i = tokens.offsets[datum]!; i < tokens.offsets[datum + 1]!; i++) count += scored[i]!;
    return count;
  });
}
