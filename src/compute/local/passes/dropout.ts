import { type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { type HostTensor, hostTensor, type Program } from '../../graph/program.js';
import { type PackedBatch } from './batch-feeds.js';
import { RandomStream } from '../../numerics/random.js';

const PREFIX = 'dropout.';

/**
 * Masks for the dropout inputs of a program: 0 with probability p, else 1 / (1 - p). They are drawn per datum from the
 * adapter's seed and the number of the pass, so a logged request gives the same masks when it is run again, however it
 * is divided into micro-batches.
 */
export function dropoutFeeds(
  program: Program,
  packed: PackedBatch,
  { dropout, seed }: LoraSpec,
  passes: number,
): [string, HostTensor][] {
  const kept = 1 / (1 - dropout);
  return [...program.inputs]
    .filter(([name]) => name.startsWith(PREFIX))
    .map(([name, tensor]) => {
      const width = tensor.shape[1] as number;
      const rowDatums = name === `${PREFIX}head_input` ? packed.scoredDatums : packed.tokenDatums;
      const mask = new Float32Array(rowDatums.rows * width);
      for (const { datum, start, length } of rowDatums.runs) {
        const part = mask.subarray(start * width, (start + length) * width);
        new RandomStream(seed, `${name}/${passes}/${datum}`).fillUniform(part);
        for (let i = 0; i < part.length; i++) part[i] = part[i]! < dropout ? 0 : kept;
      }
      return [name, hostTensor(mask, [rowDatums.rows, width])];
    });
}
