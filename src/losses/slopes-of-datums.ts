import { type LossInputs } from '../domain/loss.js';
import { type RaggedTensor, rowWidth, selectDatums } from '../domain/ragged-tensor.js';
import { type LossConfig, type LossFunction } from './loss-function.js';

/**
 * dLoss/dlogprob when a batch consists of these datums alone, in an array for the whole batch: the slopes of a loss that
 * is a sum over datums (LossMetadata.sumOverDatums), part by part. 0 for the other datums, whose log-probs may be NaN.
 */
export function slopesOfDatums(
  loss: LossFunction,
  datums: readonly number[],
  { logprobs, inputs }: { readonly logprobs: RaggedTensor<Float32Array>; readonly inputs: LossInputs },
  config: LossConfig,
): Float64Array {
  const part = selectDatums(logprobs, datums);
  const partInputs: Record<string, RaggedTensor> = {};
  for (const [name, input] of Object.entries(inputs)) partInputs[name] = selectDatums(input, datums);
  const { dLogprobs } = loss.compute(part, partInputs, config);
  const slopes = new Float64Array(logprobs.data.length);
  const width = rowWidth(logprobs);
  datums.forEach((datum, i) => {
    const own = dLogprobs.subarray(part.offsets[i]! * width, part.offsets[i + 1]! * width);
    slopes.set(own, logprobs.offsets[datum]! * width);
  });
  return slopes;
}
