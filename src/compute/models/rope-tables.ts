import { type RopeConfig } from '../../domain/transformer-config.js';

/** cos and sin of position * frequency, [positions, headDim / 2], row-major; `negativeSin` turns back. */
export interface RopeTables {
  readonly positions: number;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  readonly negativeSin: Float32Array;
}

/**
 * Angles as transformers computes them: frequencies and products in float32 (arXiv:2104.09864), so that long positions
 * round the same way.
 */
export function ropeTables(config: RopeConfig, headDim: number, positions: number): RopeTables {
  const half = headDim / 2;
  const frequencies = ropeFrequencies(config, headDim);
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]!);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  return { positions, cos, sin, negativeSin: sin.map((value) => -value) };
}

/** theta^(-2i/D), with Llama 3's scaling of low frequencies where the checkpoint uses it. */
function ropeFrequencies({ theta, llama3 }: RopeConfig, headDim: number): Float32Array {
  const frequencies = Float32Array.from({ length: headDim / 2 }, (_, i) => 1 / Math.fround(theta ** ((2 * i) / headDim)));
  if (!llama3) return frequencies;
  const { factor, lowFreqFactor, highFreqFactor, originalContextLength } = llama3;
  return frequencies.map((frequency) => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < originalContextLength / highFreqFactor) return frequency;
    if (wavelength > originalContextLength / lowFreqFactor) return frequency / factor;
    const smooth = (originalContextLength / wavelength - lowFreqFactor) / (highFreqFactor - lowFreqFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}
