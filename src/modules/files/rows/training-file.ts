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

  private readNumbered(rows: readonly number[]): Promise<NumberedExample[]> {
    return Promise.all(rows.map((row) => this.readRow(row)));
  }

  private async readRow(row: number): Promise<NumberedExample> {
    if (!Number.isInteger(row) || row < 0 || row >= this.rows) throw new RangeError(`row ${row} of ${this.rows}`);
    const entries = Buffer.from(await this.store.read(indexPath(this.id), row * ENTRY_BYTES, 2 * ENTRY_BYTES));
    const [start, end] = [entries.readDoubleLE(0), entries.readDoubleLE(ENTRY_BYTES)];
    const line = await this.store.read(rowsPath(this.id), start, end - start);
    return JSON.parse(Buffer.from(line).toString('utf8')) as NumberedExample;
  }
}
