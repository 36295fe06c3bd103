import { type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { type HostTensor, hostTensor, type Program } from '../../graph/program.js';
import { HEAD_SITE } from '../../models/lora-linears.js';
import { RandomStream } from '../../numerics/random.js';
import { type DatumRows } from './part-layout.js';
import { type PackedRun } from './run-feeds.js';

const PREFIX = 'dropout.';

/** What the masks of one part depend on. */
export interface DropoutOf {
  readonly lora: LoraSpec;
  /** Passes that the adapter has made before this one. */
  readonly passes: number;
}

/**
 * Masks for the dropout inputs of a program: 0 with probability p, else 1 / (1 - p). They are drawn per datum from the
 * adapter's seed and the number of the pass, so a logged request gives the same masks when it is run again, however it
 * is divided into micro-batches.
 *
 * @param adapters that of each part; null for the bare base model
 */
export function dropoutFeeds(
  program: Program,
  run: PackedRun,
  adapters: readonly (DropoutOf | null)[],
): [string, HostTensor][] {
  return [...program.inputs]
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, tensor]) => {
      const width = tensor.shape[1] as number;
      const ofHead = name === `${PREFIX}${HEAD_SITE}`;
      const rows = ofHead ? run.scored.count : run.feeds.get('tokens')!.data.length;
      const mask = new Float32Array(rows * width);
      run.parts.forEach((part, i) => {
        const own = drawn(name, ofHead ? part.scoredDatums : part.tokenDatums, adapters[i] ?? null, width);
        if (!ofHead) mask.set(own, run.starts[i]! * width);
        else run.scored.positions[i]!.forEach((position, row) => mask.set(rowOf(own, row, width), position * width));
      });
      return [name, hostTensor(mask, [rows, width])];
    });
}

/** The masks of one part; all 1 for one that drops nothing out and runs with others that do. */
function drawn(name: string, { rows, runs }: DatumRows, adapter: DropoutOf | null, width: number): Float32Array {
  const mask = new Float32Array(rows * width);
  if (adapter === null || adapter.lora.dropout === 0) return mask.fill(1);
  const { lora, passes } = adapter;
  const kept = 1 / (1 - lora.dropout);
  for (const { datum, start, length } of runs) {
    const part = mask.subarray(start * width, (start + length) * width);
    new RandomStream(lora.seed, `${name}/${passes}/${datum}`).fillUniform(part);
    for (let i = 0; i < part.length; i++) part[i] = part[i]! < lora.dropout ? 0 : kept;
  }
  return mask;
}

function rowOf(rows: Float32Array, row: number, width: number): Float32Array {
  return rows.subarray(row * width, (row + 1) * width);
}
