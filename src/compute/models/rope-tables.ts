import { type RopeConfig } from '../../domain/model/transformer-config.js';
import { ropeFrequencies } from './rope-frequencies.js';

/** cos and sin of position * frequency, [positions, headDim / 2], row-major; `negativeSin` turns back. */
export interface RopeTables {
  readonly positions: number;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
  readonly negativeSin: Float32Array;
}

/** Angles as transformers computes them: products in float32, so that long positions round the same way. */
export function ropeTables(config: RopeConfig, headDim: number, positions: number): RopeTables {
  const half = headDim / 2;
  const { frequencies, attentionFactor } = ropeFrequencies(config, headDim);
  const factor = Math.fround(attentionFactor);
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * frequencies[i]!);
      cos[position * half + i] = Math.fround(Math.cos(angle)) * factor;
      sin[position * half + i] = Math.fround(Math.sin(angle)) * factor;
    }
  }
  return { positions, cos, sin, negativeSin: sin.map((value) => -value) };
}
