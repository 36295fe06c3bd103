/**
 * What a loss of an operator imports, as `thinker/losses`: these names stay, whatever moves behind them.
 * `thinker/losses/tensorflow` has TensorLoss; it is apart because it loads TensorFlow.js.
 */
export { type LossInputs, type LossResult } from '../../domain/loss.js';
export { datumCount, type RaggedTensor, rowWidth } from '../../domain/ragged-tensor.js';
export {
  finiteMetric,
  Loss,
  type LossConfig,
  type LossConfigKey,
  LossFunction,
  type LossInputSpec,
  type LossMetadata,
  nonZeroRows,
  requiredInput,
  TARGET_TOKENS,
  weightedPositions,
  WEIGHTS,
} from '../loss-function.js';
