import {
  type Llama3RopeScaling,
  type RopeConfig,
  type RopeScaling,
  type YarnRopeScaling,
} from '../../domain/model/transformer-config.js';

export interface RopeFrequencies {
  /** Angle per position of each pair of dimensions, [headDim / 2]. */
  readonly frequencies: Float32Array;
  /** cos and sin are multiplied by it. */
  readonly attentionFactor: number;
}

/**
 * The frequencies that transformers' ROPE_INIT_FUNCTIONS give, every step rounded to float32 as PyTorch rounds it: at
 * position 100,000 one unit in the last place of a frequency near 1 turns a pair by 0.006.
 */
export function ropeFrequencies({ theta, scaling }: RopeConfig, headDim: number): RopeFrequencies {
  const powers = Float32Array.from({ length: headDim / 2 }, (_, i) => {
    return Math.fround(theta) ** Math.fround((2 * i) / headDim);
  });
  const plain = powers.map((power) => 1 / power);
  return {
    frequencies: scaling ? scaled(scaling, plain, { powers, theta, headDim }) : plain,
    attentionFactor: scaling?.type === 'yarn' ? scaling.attentionFactor : 1,
  };
}

interface Base {
  /** theta^(2i/D) */
  readonly powers: Float32Array;
  readonly theta: number;
  readonly headDim: number;
}

function scaled(scaling: RopeScaling, plain: Float32Array, base: Base): Float32Array {
  switch (scaling.type) {
    case 'linear':
      return plain.map((frequency) => frequency / Math.fround(scaling.factor));
    case 'yarn':
      return yarn(scaling, plain, base);
    case 'llama3':
      return plain.map((frequency) => llama3(scaling, frequency));
  }
}

function yarn(scaling: YarnRopeScaling, plain: Float32Array, { powers, theta, headDim }: Base): Float32Array {
  const { fround } = Math;
  const factor = fround(scaling.factor);
  const { low, high } = yarnRamp(scaling, theta, headDim);
  return plain.map((kept, i) => {
    const divided = fround(1 / fround(factor * powers[i]!));
    const ramp = Math.min(1, Math.max(0, fround(fround(i - fround(low)) / fround(high - low))));
    const share = fround(1 - ramp);
    return fround(divided * fround(1 - share)) + fround(kept * share);
  });
}

/** Dimensions between which the ramp goes from frequencies that are kept to frequencies that are divided. */
function yarnRamp({ betaFast, betaSlow, truncate, ...scaling }: YarnRopeScaling, theta: number, headDim: number) {
  const dimension = (rotations: number) =>
    (headDim * Math.log(scaling.originalContextLength / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const [first, last] = [dimension(betaFast), dimension(betaSlow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, headDim - 1);
  // The same width that transformers gives a ramp of none, where it would divide by 0.
  return { low, high: low === high ? high + 0.001 : high };
}

function llama3(scaling: Llama3RopeScaling, frequency: number): number {
  const { fround } = Math;
  const { lowFreqFactor, highFreqFactor, originalContextLength } = scaling;
  const factor = fround(scaling.factor);
  const wavelength = fround(fround(2 * Math.PI) / frequency);
  if (wavelength < fround(originalContextLength / highFreqFactor)) return frequency;
  if (wavelength > fround(originalContextLength / lowFreqFactor)) return frequency / factor;
  const above = fround(fround(originalContextLength / wavelength) - fround(lowFreqFactor));
  const smooth = fround(above / fround(highFreqFactor - lowFreqFactor));
  return fround(fround(fround(1 - smooth) * frequency) / factor) + fround(smooth * frequency);
}
