import { createRequire } from 'node:module';
import { type Scalar, type Tensor, type Tensor1D } from '@tensorflow/tfjs';
import { type LossInputs, type LossResult } from '../../domain/loss.js';
import { type RaggedTensor, rowWidth } from '../../domain/ragged-tensor.js';
import { finiteMetric, type LossConfig, LossFunction, type LossInputSpec } from '../loss-function.js';

export type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs';
export type Tensorflow = typeof import('@tensorflow/tfjs');

/** The inputs of a loss by name, float32 or int32: those per token for the tokens that count, like the log-probs. */
export type TensorInputs = Readonly<Record<string, Tensor>>;

/** Which datum each token that counts belongs to (int32), for tf.unsortedSegmentSum(x, datums.of, datums.count). */
export interface Datums {
  readonly of: Tensor1D;
  readonly count: number;
}

/** require() and not import(): the package is CommonJS whose names an import cannot see. */
const tf = createRequire(import.meta.url)('@tensorflow/tfjs') as Tensorflow;
// Without it the package prints advertisements and warnings.
tf.enableProdMode();
// The engine may have chosen a backend already.
if (!tf.getBackend()) await tf.setBackend('cpu');

/**
 * A loss written with TensorFlow.js, which differentiates it. TensorFlow.js has float32 and no float64, so value and
 * gradient are good to about 7 digits and a sum over many tokens to fewer; a loss that compares large numbers should
 * give its gradient itself (LossFunction). Log-probs and inputs come without the positions that don't count, as [N], or
 * [N, K] for losses with multipleTargets.
 */
export abstract class TensorLoss extends LossFunction {
  constructor() {
    super();
    if (typeof this.loss !== 'function') throw new TypeError(`${this.constructor.name} has no loss method.`);
  }

  /** The loss, a scalar that depends on `logprobs`. Called within tf.tidy, at least once per request. */
  protected abstract loss(
    tf: Tensorflow,
    logprobs: Tensor,
    inputs: TensorInputs,
    config: LossConfig,
    datums: Datums,
  ): Scalar;

  /** Metrics by name. */
  protected metrics(
    _tf: Tensorflow,
    _logprobs: Tensor,
    _inputs: TensorInputs,
    _config: LossConfig,
    _datums: Datums,
  ): Readonly<Record<string, Scalar>> {
    return {};
  }

  override compute(logprobs: RaggedTensor<Float32Array>, inputs: LossInputs, config: LossConfig): LossResult {
    const active = this.activePositions(inputs);
    const rows = Int32Array.from([...active.keys()].filter((row) => active[row] !== 0));
    const dLogprobs = new Float64Array(logprobs.data.length);
    if (rows.length === 0) return { loss: 0, dLogprobs, metrics: {} };
    const { loss, slopes, metrics } = tf.tidy(() => {
      const read = this.tensors(inputs, rows);
      const datums = { of: tf.tensor1d(datumOf(logprobs.offsets, rows), 'int32'), count: logprobs.offsets.length - 1 };
      const own = pick(logprobs, rows);
      const { value, grad } = tf.valueAndGrad((l: Tensor) => this.loss(tf, l, read, config, datums))(own);
      const named = Object.entries(this.metrics(tf, own, read, config, datums));
      return {
        loss: value.dataSync()[0]!,
        slopes: grad.dataSync() as Float32Array,
        metrics: Object.fromEntries(named.map(([name, metric]) => [name, finiteMetric(metric.dataSync()[0]!)])),
      };
    });
    const width = rowWidth(logprobs);
    slopes.forEach((slope, i) => (dLogprobs[rows[Math.floor(i / width)]! * width + (i % width)] = slope));
    return { loss, dLogprobs, metrics };
  }

  /** Inputs that are left out count as their default; without one they are left out here, too. */
  private tensors(inputs: LossInputs, rows: Int32Array): TensorInputs {
    const read = this.metadata.inputs.map((spec): [string, Tensor][] => {
      const given = inputs[spec.name];
      if (given) return [[spec.name, spec.per === 'datum' ? whole(given) : pick(given, rows)]];
      return spec.default === undefined ? [] : [[spec.name, this.filled(spec, spec.default, inputs, rows)]];
    });
    return Object.fromEntries(read.flat());
  }

  private filled({ per }: LossInputSpec, value: number, inputs: LossInputs, rows: Int32Array): Tensor {
    const { offsets, trailingShape } = inputs['target_tokens']!;
    return tf.fill(per === 'datum' ? [offsets.length - 1] : [rows.length, ...trailingShape], value);
  }
}

function whole({ data }: RaggedTensor): Tensor {
  return tf.tensor1d(data, data instanceof Int32Array ? 'int32' : 'float32');
}

function pick(tensor: RaggedTensor, rows: Int32Array): Tensor {
  const { data, trailingShape } = tensor;
  const width = rowWidth(tensor);
  const out = data instanceof Int32Array ? new Int32Array(rows.length * width) : new Float32Array(rows.length * width);
  rows.forEach((row, i) => out.set(data.subarray(row * width, (row + 1) * width), i * width));
  return tf.tensor(out, [rows.length, ...trailingShape], data instanceof Int32Array ? 'int32' : 'float32');
}

/** The datum of each row; rows and offsets both ascend. */
function datumOf(offsets: Int32Array, rows: Int32Array): Int32Array {
  let datum = 0;
  return rows.map((row) => {
    while (row >= offsets[datum + 1]!) datum++;
    return datum;
  });
}
