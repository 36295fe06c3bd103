import { type Compressors, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors, decompressZstd } from 'hyparquet-compressors';
import { AppError } from '../../common/errors/app-error.js';
import { type JsonObject } from '../../common/json/json-fields.js';
import { shortened } from '../../common/shortened.js';
import { InvalidTrainingFileError } from '../dataset.errors.js';
import { type ByteSource, type Container, type SourceRow } from './container.js';

/** Unpacked: a group is read as a whole. */
const MAX_GROUP_BYTES = 2 ** 28;
const TRAILER_BYTES = 8;
const MAX_FOOTER_BYTES = 2 ** 24;

/** Parquet files as pandas, pyarrow and Hugging Face's datasets write them, one group of rows at a time. */
export const PARQUET: Container = {
  unit: 'row',
  async *rows(source) {
    const file = {
      byteLength: source.size,
      slice: async (start: number, end = source.size) => (await source.read(start, end - start)).slice().buffer,
    };
    const metadata = await reading(async () => {
      await checkFooter(source);
      return parquetMetadataAsync(file);
    });
    let first = 0;
    for (const group of metadata.row_groups) {
      checkGroup(group, first);
      const end = first + Number(group.num_rows);
      const range = { rowStart: first, rowEnd: end };
      const rows = await reading(() => parquetReadObjects({ file, metadata, compressors: BOUNDED, ...range }));
      yield rows.map((row, i): SourceRow => ({ at: first + i + 1, row: plain(row) as JsonObject }));
      first = end;
    }
  },
};

/** A page says itself how large it becomes. */
function bounded(decompress: (input: Uint8Array, length: number) => Uint8Array) {
  return (input: Uint8Array, length: number): Uint8Array => {
    if (length > MAX_GROUP_BYTES) throw new RangeError(`a page of ${length} bytes is too large`);
    return decompress(input, length);
  };
}

const BOUNDED: Compressors = {
  ...Object.fromEntries(Object.entries(compressors).map(([name, decompress]) => [name, bounded(decompress)])),
  ZSTD: bounded((input, length) => decompressZstd(input, new Uint8Array(length))),
};

async function checkFooter(source: ByteSource): Promise<void> {
  const trailer = Buffer.from(await source.read(Math.max(source.size - TRAILER_BYTES, 0), TRAILER_BYTES));
  if (trailer.toString('latin1', 4) !== 'PAR1') throw new RangeError('it is cut off');
  const length = trailer.readUInt32LE(0);
  if (length > MAX_FOOTER_BYTES) throw new RangeError(`its footer has ${length} bytes`);
}

function checkGroup({ columns, num_rows: count }: FileMetaData['row_groups'][number], first: number): void {
  const bytes = columns.reduce((sum, { meta_data: column }) => sum + Number(column?.total_uncompressed_size ?? 0), 0);
  if (bytes <= MAX_GROUP_BYTES && Number(count) <= MAX_GROUP_BYTES) return;
  const problem = `begins a group of rows that takes ${bytes} bytes; at most ${MAX_GROUP_BYTES} can be read.`;
  const remedy = 'Write the file with a smaller row_group_size.';
  throw new InvalidTrainingFileError([{ place: `row ${first + 1}`, problem: `${problem} ${remedy}` }]);
}

async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = shortened(error instanceof Error ? error.message : String(error), 200);
    throw new InvalidTrainingFileError([{ place: null, problem: `The file cannot be read as Parquet: ${reason}.` }]);
  }
}

/** As JSON would have it. Structs carry null for every field that a row leaves out. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  const given = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(given.map(([name, inner]) => [name, plain(inner)]));
}
