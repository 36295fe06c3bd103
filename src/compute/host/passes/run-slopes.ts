import { type FusedTerms } from '../../../domain/loss.js';
import { type DatumBatch } from '../../../domain/datum-batch.js';
import { rowWidth } from '../../../domain/ragged-tensor.js';
import { type LossFunction } from '../../../losses/loss-function.js';
import { type RunSlopes } from '../../model-engine.js';
import { gatherRows } from './scored-rows.js';

/**
 * What an engine needs to compute the slopes of a loss by itself, at these positions. Weights default to 1, the others
 * to 0. Positions that do not count for the loss and inputs that it does not read stay at 0: the engine multiplies them
 * by 0, which does not silence an overflow.
 */
export function runSlopes(
  loss: LossFunction,
  terms: FusedTerms,
  { lossInputs }: DatumBatch,
  positions: readonly number[],
): RunSlopes {
  const width = rowWidth(lossInputs['target_tokens']!);
  const counts = loss.activePositions(lossInputs);
  const rowsOf = (name: string, missing: number): Float32Array => {
    const isRead = loss.metadata.inputs.some((known) => known.name === name);
    const given = isRead ? lossInputs[name]?.data : undefined;
    return given
      ? gatherRows(given, width, positions, counts)
      : new Float32Array(positions.length * width).fill(missing);
  };
  return {
    terms,
    weights: rowsOf('weights', 1),
    samplerLogprobs: rowsOf('logprobs', 0),
    advantages: rowsOf('advantages', 0),
  };
}
