import { type ThreadPool } from '../common/threads/thread-pool.js';
import { type CheckpointTensor } from '../base-models/checkpoint-files.js';
import { type LoraPair } from './lora-weights.js';
import { CONVERT_ROWS, type NumberType } from './tensor-rows.js';

/** A tensor of the base model as an export has it. */
export interface TensorPlan {
  readonly source: CheckpointTensor;
  readonly lora: LoraPair | null;
  readonly interleavedHead: number | null;
  readonly type: NumberType;
}

/** Numbers in memory at a time, and multiplications of one task: others that wait for a thread wait no longer. */
const SLICE_NUMBERS = 2 ** 20;
const SLICE_PRODUCTS = 2 ** 26;

/** The tensor's bytes, some rows after the other. @throws ExportOverflowError */
export async function* tensorBytes(plan: TensorPlan, threads: ThreadPool): AsyncGenerator<Uint8Array> {
  const { source, lora, interleavedHead, type } = plan;
  const { name: tensor, file, dtype, shape } = source;
  // A vector has rows of one number.
  const [rows = 1, columns = 1] = shape;
  const step = rowsAtOnce(plan, rows, columns);
  const rowBytes = source.byteLength / rows;
  for (let row = 0; row < rows; row += step) {
    const count = Math.min(step, rows - row);
    const part = lora && {
      a: lora.a,
      b: lora.b.slice(row * lora.rank, (row + count) * lora.rank),
      rank: lora.rank,
      scale: lora.scale,
    };
    const block = { file, byteOffset: source.byteOffset + row * rowBytes, rows: count, columns };
    yield await threads.run(CONVERT_ROWS, { tensor, dtype, ...block, lora: part, interleavedHead, type });
  }
}

function rowsAtOnce({ lora, interleavedHead, type }: TensorPlan, rows: number, columns: number): number {
  // Vectors are never in blocks.
  if (columns === 1 && type !== 'Q8_0') return rows;
  const byNumbers = Math.floor(SLICE_NUMBERS / columns);
  const byProducts = lora ? Math.floor(SLICE_PRODUCTS / (columns * lora.rank)) : rows;
  const wanted = Math.max(1, Math.min(byNumbers, byProducts));
  return interleavedHead === null ? wanted : interleavedHead * Math.max(1, Math.floor(wanted / interleavedHead));
}
