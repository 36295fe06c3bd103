import { type TransformerConfig } from '../../../domain/model/transformer-config.js';
import { type RaggedTensor } from '../../../domain/ragged-tensor.js';
import { ATTENTION_BLOCK } from '../../models/training-graph.js';
import { SequenceTooLargeError } from '../../numerics/engine.errors.js';

/** What decides how much memory the tokens of a batch take. */
export interface TrainedModel {
  readonly config: TransformerConfig;
  /** Is there a LoRA on the output projection? Its gradient needs the probabilities of all tokens of the vocabulary. */
  readonly headLora: boolean;
}

/** How the backward comes by what the forward has computed. */
export interface Saving {
  /** Again, layer by layer, for all but what goes into a layer and the result of its attention. */
  readonly recompute: boolean;
}

/** Longer batches gain nothing in speed. */
const MAX_TOKENS = 4096;

/**
 * Divides a batch into groups of datums that run one after the other, each within the memory budget. Datums of similar
 * length go together, so that attention, the only part that pads, pads little. Gradients of the groups add up, so the
 * division changes results by float32 rounding at most, and the same batch is always divided in the same way.
 *
 * @param rows per datum, how many of its positions are scored
 * @throws SequenceTooLargeError for a datum that does not fit the budget on its own
 */
export function microBatches(
  model: TrainedModel,
  tokens: RaggedTensor,
  rows: readonly number[],
  budgetBytes: number,
): number[][] {
  const length = (datum: number) => tokens.offsets[datum + 1]! - tokens.offsets[datum]!;
  const byLength = rows.map((_, datum) => datum).sort((a, b) => length(b) - length(a) || a - b);
  const groups: number[][] = [];
  let group: number[] = [];
  let load = { tokens: 0, rows: 0, longest: 0 };
  for (const datum of byLength) {
    const grown = {
      tokens: load.tokens + length(datum),
      rows: load.rows + rows[datum]!,
      longest: Math.max(load.longest, length(datum)),
    };
    const bytes = trainingBytes(model, { ...grown, sequences: group.length + 1 });
    if (group.length > 0 && (bytes > budgetBytes || grown.tokens > MAX_TOKENS)) {
      groups.push(group);
      group = [];
      load = { tokens: length(datum), rows: rows[datum]!, longest: length(datum) };
    } else {
      load = grown;
    }
    if (group.length === 0) requireFits(model, datum, load, budgetBytes);
    group.push(datum);
  }
  groups.push(group);
  return groups;
}

interface Load {
  readonly tokens: number;
  readonly rows: number;
  readonly longest: number;
  readonly sequences: number;
}

/** Can the backward of these datums only fit the budget by computing again? That depends on them alone, and not a bit on it. */
export function mustRecompute(
  model: TrainedModel,
  tokens: RaggedTensor,
  rows: readonly number[],
  datums: readonly number[],
  budgetBytes: number,
): boolean {
  const lengths = datums.map((datum) => tokens.offsets[datum + 1]! - tokens.offsets[datum]!);
  const load = {
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    rows: datums.reduce((sum, datum) => sum + rows[datum]!, 0),
    longest: lengths.reduce((most, length) => Math.max(most, length), 0),
    sequences: datums.length,
  };
  return trainingBytes(model, load) > budgetBytes;
}

/**
 * Memory that a forward and backward needs beyond the weights, in bytes: tensors saved for the backward pass per token
 * and layer, attention probabilities, and one chunk of logits, or with a LoRA on the output projection all of them. What is
 * computed again takes the room of four layers at a time. Counted from the graph and checked against measurements on the
 * 135M shape with a LoRA on every linear: 1x1024 tokens took 1.69 GB where this says 1.79, 1x2048 tokens computed again
 * 0.98 (1.04), 1x8192 tokens computed again 3.67 (4.17).
 */
export function trainingBytes(
  { config, headLora }: TrainedModel,
  load: Load,
  { recompute }: Saving = { recompute: false },
): number {
  const { hiddenSize, intermediateSize, layerCount, headCount, vocabSize } = config;
  const ofLayer = 11 * hiddenSize + 4.5 * intermediateSize;
  const perToken = recompute ? layerCount * 2 * hiddenSize + 4 * ofLayer : layerCount * ofLayer;
  const blocks = recompute || load.longest > ATTENTION_BLOCK;
  const probabilities = headCount * load.sequences * load.longest * (blocks ? ATTENTION_BLOCK : load.longest);
  const attention = (blocks ? 5 : layerCount + 3) * probabilities;
  const vocabulary = (Math.ceil(load.rows / 4) * 3 + (headLora ? load.rows : 0)) * vocabSize;
  return 4 * (load.tokens * perToken + attention + vocabulary);
}

function requireFits(model: TrainedModel, datum: number, load: Omit<Load, 'sequences'>, budget: number): void {
  const [kept, recomputed] = [false, true].map((recompute) =>
    trainingBytes(model, { ...load, sequences: 1 }, { recompute }),
  );
  const bytes = Math.min(kept!, recomputed!);
  if (bytes > budget) throw new SequenceTooLargeError(datum, load.longest, bytes, budget);
}
