import { Loss, type LossConfig, TARGET_TOKENS, WEIGHTS } from 'thinker/losses';
import {
  type Datums,
  type Scalar,
  type Tensor,
  type TensorInputs,
  TensorLoss,
  type Tensorflow,
} from 'thinker/losses/tensorflow';

/**
 * A power of each sequence's average negative log-likelihood: above 1, the worst sequences have the most weight.
 *
 *   m_d = - sum_t w_t l_t / sum_t w_t     over the tokens t of datum d
 *   loss = sum_d m_d^power
 *
 * TensorFlow.js computes the gradient.
 */
@Loss({
  name: 'sequence_power',
  description: "A power of each sequence's average negative log-likelihood",
  inputs: [TARGET_TOKENS, WEIGHTS],
  config: [
    {
      name: 'power',
      default: 2,
      min: 1,
      max: 4,
      description: 'Exponent; above 1, the worst sequences have the most weight.',
    },
  ],
})
export class SequencePowerLoss extends TensorLoss {
  protected override loss(tf: Tensorflow, logprobs: Tensor, inputs: TensorInputs, config: LossConfig, datums: Datums) {
    return tf.sum<Scalar>(tf.pow(this.averages(tf, logprobs, inputs, datums), config.power!));
  }

  protected override metrics(
    tf: Tensorflow,
    logprobs: Tensor,
    inputs: TensorInputs,
    _config: LossConfig,
    datums: Datums,
  ): Record<string, Scalar> {
    return { worst_nll: tf.max<Scalar>(this.averages(tf, logprobs, inputs, datums)) };
  }

  private averages(tf: Tensorflow, logprobs: Tensor, { weights }: TensorInputs, { of, count }: Datums): Tensor {
    const sums = tf.unsortedSegmentSum(tf.mul(tf.neg(logprobs), weights!), of, count);
    // A datum without weighted tokens evaluates to 0 / 1e-6.
    return tf.div(sums, tf.maximum(tf.unsortedSegmentSum(weights!, of, count), 1e-6));
  }
}
