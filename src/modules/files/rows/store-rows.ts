import { type ByteSource, type Container } from '../../../datasets/containers/container.js';
import { InvalidTrainingFileError } from '../../../datasets/dataset.errors.js';
import { openDataset, type NumberedExample } from '../../../datasets/read-dataset.js';
import { type ExampleKind } from '../../../datasets/training-example.js';
import { type ThreadTask } from '../../../common/threads/thread-task.js';
import { type FileStore } from '../../../storage/file-store.js';
import { localFileStore } from '../../../storage/local/local-store.js';
import { type LocalStoreSettings } from '../../../storage/local/local-store-settings.js';
import { contentPath, indexPath, rowsPath } from '../file-paths.js';
import { RowIndex } from './row-index.js';

export interface UncheckedFile {
  readonly store: LocalStoreSettings;
  readonly id: string;
  readonly filename: string;
  /** That its rows may have: compressed formats can hold a multiple of the file's own size. */
  readonly maxRowBytes: number;
}

/** What the rows of a file are. */
export interface RowSummary {
  readonly kind: ExampleKind;
  readonly rows: number;
  readonly unit: Container['unit'];
}

const NEWLINE = '\n';
const PIECE_BYTES = 2 ** 20;

/** Checks every row of a file and stores them one by one beside it, in a thread (bench/RESULTS.md has its speed). */
export const STORE_ROWS: ThreadTask<UncheckedFile, RowSummary> = { url: import.meta.url, run: storeRowsTask };

/** @throws InvalidTrainingFileError with all faults */
export async function storeRowsTask(file: UncheckedFile): Promise<{ value: RowSummary }> {
  const store = localFileStore(file.store);
  const dataset = await openDataset(await sourceOf(store, contentPath(file.id)), file.filename);
  const rows = new RowsWriter(file.maxRowBytes);
  await store.write(rowsPath(file.id), rows.encode(dataset.examples()));
  await store.write(indexPath(file.id), rows.index.pieces());
  return { value: { kind: rows.kind, rows: rows.index.count, unit: dataset.unit } };
}

async function sourceOf(store: FileStore, path: string): Promise<ByteSource> {
  return {
    size: await store.sizeBytes(path),
    read: (start, length) => store.read(path, start, length),
    stream: () => store.stream(path),
  };
}

/** Rows as lines of JSON, in pieces of about a megabyte. */
class RowsWriter {
  readonly index = new RowIndex();
  kind: ExampleKind = 'chat';
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  async *encode(batches: AsyncIterable<readonly NumberedExample[]>): AsyncGenerator<Uint8Array, void, undefined> {
    let lines: Buffer[] = [];
    let length = 0;
    for await (const batch of batches) {
      for (const row of batch) {
        const line = this.add(row);
        lines.push(line);
        length += line.length;
        if (length < PIECE_BYTES) continue;
        yield Buffer.concat(lines);
        lines = [];
        length = 0;
      }
    }
    yield Buffer.concat(lines);
  }

  private add(row: NumberedExample): Buffer {
    const line = Buffer.from(JSON.stringify(row) + NEWLINE);
    this.kind = row.example.kind;
    this.bytes += line.length;
    if (this.bytes > this.maxBytes) {
      const problem = `The rows take more than ${this.maxBytes} bytes once they are unpacked. Split the file.`;
      throw new InvalidTrainingFileError([{ location: null, problem }]);
    }
    this.index.add(this.bytes);
    return line;
  }
}
