import { type Compressors, type FileMetaData, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors, decompressZstd } from 'hyparquet-compressors';
import { AppError } from '../../common/errors/app-error.js';
import { type JsonObject } from '../../common/json/json-fields.js';
import { shortened } from '../../common/shortened.js';
import { InvalidTrainingFileError } from '../dataset.errors.js';
import { type ByteSource, type Container, type SourceRow } from './container.js';

/** Unpacked: a group is read as a whole. */
const MAX_GROUP_BYTES = 2 ** 28;
const MAX_GROUP_VALUES = 2 ** 24;
const TRAILER_BYTES = 8;
const MAX_FOOTER_BYTES = 2 ** 24;

/** Parquet files as pandas, pyarrow and Hugging Face's datasets write them, one group of rows at a time. */
export const PARQUET: Container = {
  unit: 'row',
  async *rows(source) {
    const file = {
      byteLength: source.size,
      slice: async (start: number, end = source.size) => {
        if (!(start >= 0 && start <= end && end <= source.size)) throw new RangeError('a part lies outside of it');
        return (await source.read(start, end - start)).slice().buffer;
      },
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
      const rows = await reading(() =>
        parquetReadObjects({ file, metadata, compressors: boundedCompressors(), ...range }),
      );
      yield rows.map((row, i): SourceRow => ({ at: first + i + 1, row: plain(row) as JsonObject }));
      first = end;
    }
  },
};

/** Pages say themselves how large they become; those of a group share its bound. */
function boundedCompressors(): Compressors {
  let left = MAX_GROUP_BYTES;
  const bounded =
    (decompress: (input: Uint8Array, length: number) => Uint8Array) =>
    (input: Uint8Array, length: number): Uint8Array => {
      left -= length;
      if (!(length >= 0) || left < 0) throw new RangeError('its pages unpack to more than its footer says');
      return decompress(input, length);
    };
  return {
    ...Object.fromEntries(Object.entries(compressors).map(([name, decompress]) => [name, bounded(decompress)])),
    ZSTD: bounded((input, length) => decompressZstd(input, new Uint8Array(length))),
  };
}

async function checkFooter(source: ByteSource): Promise<void> {
  const trailer = Buffer.from(await source.read(Math.max(source.size - TRAILER_BYTES, 0), TRAILER_BYTES));
  if (trailer.toString('latin1', 4) !== 'PAR1') throw new RangeError('it is cut off');
  const length = trailer.readUInt32LE(0);
  if (length > MAX_FOOTER_BYTES) throw new RangeError(`its footer has ${length} bytes`);
}

/** Of what the footer says: pages may say otherwise, so files are read where they cannot do harm (ProcessPool). */
function checkGroup({ columns, num_rows: count }: FileMetaData['row_groups'][number], first: number): void {
  const data = columns.map(({ meta_data: column }) => column);
  const bytes = data.reduce((sum, column) => sum + Number(column?.total_uncompressed_size ?? 0), 0);
  const values = data.reduce((sum, column) => sum + Number(column?.num_values ?? 0), Number(count));
  if (count < 0n || data.some((column) => (column?.num_values ?? 0n) < 0n))
    throw damaged('it counts less than no rows');
  if (bytes <= MAX_GROUP_BYTES && values <= MAX_GROUP_VALUES) return;
  const problem = `begins a group of rows with ${bytes} bytes and ${values} values`;
  const limits = `at most ${MAX_GROUP_BYTES} bytes and ${MAX_GROUP_VALUES} values can be read.`;
  const remedy = 'Write the file with a smaller row_group_size.';
  throw new InvalidTrainingFileError([{ location: `row ${first + 1}`, problem: `${problem}; ${limits} ${remedy}` }]);
}

async function reading<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const reason = shortened(error instanceof Error ? error.message : String(error), 200);
    throw damaged(reason);
  }
}

function damaged(reason: string): InvalidTrainingFileError {
  return new InvalidTrainingFileError([{ location: null, problem: `The file cannot be read as Parquet: ${reason}.` }]);
}

/** As JSON would have it. Structs carry null for every field that a row leaves out. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value)) return value;
  const given = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(given.map(([name, inner]) => [name, plain(inner)]));
}
