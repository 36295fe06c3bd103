import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { type HostTensor, hostTensor } from '../graph/program.js';
import { type RopeTables, ropeTables } from '../models/rope-tables.js';

/** Added to scores of positions that must not be seen; exp of it is exactly 0. */
export const MASKED = -1e9;

const SMALLEST_TABLE = 256;
const KEPT_MASKS = 16;

/** Feeds that depend on sizes alone (positions, causal mask, rotary tables), kept between runs of the same sizes. */
export class PositionTables {
  private rope: RopeTables | null = null;
  private readonly masks = new Map<number, HostTensor>();

  constructor(readonly config: TransformerConfig) {}

  /** Positions from 0 for each of the sequences, whose tokens lie end to end, and tables that reach to the longest. */
  forSequences(lengths: readonly number[], longest: number): [string, HostTensor][] {
    const positions = BigInt64Array.from(lengths.flatMap((length) => Array.from({ length }, (_, i) => BigInt(i))));
    return [['positions', hostTensor(positions, [positions.length, 1])], ...this.rotary(longest)];
  }

  /** Tables that reach at least `positions`, grown by doubling. */
  rotary(positions: number): [string, HostTensor][] {
    const { headDim, rope } = this.config;
    if (!this.rope || this.rope.positions < positions) {
      this.rope = ropeTables(rope, headDim, Math.max(SMALLEST_TABLE, 2 ** Math.ceil(Math.log2(positions))));
    }
    const { cos, sin, negativeSin } = this.rope;
    const shape = [this.rope.positions, headDim / 2];
    return [
      ['cos', hostTensor(cos, shape)],
      ['sin', hostTensor(sin, shape)],
      ['negativeSin', hostTensor(negativeSin, shape)],
    ];
  }

  /** [S, 1, S]: a token sees itself and what comes before it. */
  causalMask(length: number): HostTensor {
    const known = this.masks.get(length);
    if (known) return known;
    const values = new Float32Array(length * length);
    for (let row = 0; row < length; row++) values.fill(MASKED, row * length + row + 1, (row + 1) * length);
    const mask = hostTensor(values, [length, 1, length]);
    if (this.masks.size >= KEPT_MASKS) this.masks.clear();
    this.masks.set(length, mask);
    return mask;
  }
}
