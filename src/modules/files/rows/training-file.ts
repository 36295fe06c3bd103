import { type NumberedExample } from '../../../datasets/read-dataset.js';
import { type ExampleKind, type TrainingExample } from '../../../datasets/training-example.js';
import { type FileStore } from '../../../storage/file-store.js';
import { indexPath, rowsPath } from '../file-paths.js';
import { ENTRY_BYTES } from './row-index.js';
import { type RowSummary } from './store-rows.js';

/** A file of training data whose rows can be read in any order. All of them were checked when it was uploaded. */
export class TrainingFile {
  constructor(
    readonly id: string,
    readonly filename: string,
    readonly bytes: number,
    private readonly summary: RowSummary,
    private readonly store: FileStore,
  ) {}

  get kind(): ExampleKind {
    return this.summary.kind;
  }

  get rows(): number {
    return this.summary.rows;
  }

  /** The examples of these rows, counted from 0, in the same order. @throws StorageError when the file was deleted */
  async read(rows: readonly number[]): Promise<TrainingExample[]> {
    return (await this.readNumbered(rows)).map(({ example }) => example);
  }

  /** Where these rows stand in the file that was uploaded, for messages: "line 7312". */
  async locations(rows: readonly number[]): Promise<string[]> {
    return (await this.readNumbered(rows)).map(({ at }) => `${this.summary.unit} ${at}`);
  }

  private async readNumbered(rows: readonly number[]): Promise<NumberedExample[]> {
    return (await Promise.all(runsOf(rows).map((run) => this.readRun(run)))).flat();
  }

  private async readRun({ first, count }: Run): Promise<NumberedExample[]> {
    if (!Number.isInteger(first) || first < 0 || first + count > this.rows) {
      throw new RangeError(`rows ${first} to ${first + count - 1} of ${this.rows}`);
    }
    const entries = await this.readBytes(indexPath(this.id), first * ENTRY_BYTES, (count + 1) * ENTRY_BYTES);
    const bounds = Array.from({ length: count + 1 }, (_, i) => entries.readDoubleLE(i * ENTRY_BYTES));
    const [start = 0, ...ends] = bounds;
    const lines = await this.readBytes(rowsPath(this.id), start, (ends.at(-1) ?? start) - start);
    return ends.map(
      (end, i) => JSON.parse(lines.toString('utf8', (bounds[i] ?? 0) - start, end - start)) as NumberedExample,
    );
  }

  private async readBytes(path: string, start: number, length: number): Promise<Buffer> {
    const { buffer, byteOffset, byteLength } = await this.store.read(path, start, length);
    return Buffer.from(buffer, byteOffset, byteLength);
  }
}

/** Rows that follow one another in the file, so that one read gets them all. */
interface Run {
  readonly first: number;
  readonly count: number;
}

function runsOf(rows: readonly number[]): Run[] {
  const runs: { first: number; count: number }[] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last && row === last.first + last.count) last.count++;
    else runs.push({ first: row, count: 1 });
  }
  return runs;
}
