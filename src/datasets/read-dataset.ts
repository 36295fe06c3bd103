import { AppError } from '../common/errors/app-error.js';
import { type JsonObject } from '../common/json/json-fields.js';
import { shortened } from '../common/shortened.js';
import { type ByteSource, type Container, type SourceRow } from './containers/container.js';
import { findContainer } from './containers/find-container.js';
import { InvalidTrainingFileError, MAX_FAULTS, type RowFault } from './dataset.errors.js';
import { refuseMisspelt, type RowShape } from './shapes/row-shape.js';
import { ROW_SHAPES, shapeOf } from './shapes/row-shapes.js';
import { type TrainingExample } from './training-example.js';

/** An example with where it stands in the file. */
export interface NumberedExample {
  /** Its line or its number, as the container counts; from 1. */
  readonly at: number;
  readonly example: TrainingExample;
}

const MAX_NAMED_FIELDS = 8;
const KNOWN_SHAPES = `Known shapes: ${ROW_SHAPES.map(({ name }) => name).join('; ')}.`;

/** A file whose rows are yet to be read. */
export interface Dataset {
  /** What the number of a row counts. */
  readonly unit: Container['unit'];
  /**
   * A few at a time. Faulty rows are left out; when the file ends, or as soon as there are MAX_FAULTS, all faults are
   * thrown. @throws InvalidTrainingFileError
   */
  examples(): AsyncGenerator<readonly NumberedExample[], void, undefined>;
}

/**
 * The examples of a file in any container and any shape; all rows must have the shape of the first one.
 * @throws InvalidTrainingFileError
 */
export async function openDataset(source: ByteSource, filename: string): Promise<Dataset> {
  const container = await findContainer(source, filename);
  return { unit: container.unit, examples: () => readExamples(container, source) };
}

async function* readExamples(
  container: Container,
  source: ByteSource,
): AsyncGenerator<readonly NumberedExample[], void, undefined> {
  const reader = new RowReader(container.unit);
  try {
    for await (const rows of container.rows(source)) {
      const examples = reader.read(rows);
      if (reader.isFull) break;
      if (examples.length > 0) yield examples;
    }
  } catch (error) {
    if (!(error instanceof InvalidTrainingFileError)) throw error;
    reader.addAll(error.faults);
  }
  reader.end();
}

class RowReader {
  private shape: RowShape | null = null;
  private firstAt = 0;
  private count = 0;
  private readonly faults: RowFault[] = [];

  constructor(private readonly unit: string) {}

  read(rows: readonly SourceRow[]): NumberedExample[] {
    const examples: NumberedExample[] = [];
    for (const source of rows) {
      if (this.isFull) break;
      this.count++;
      if ('problem' in source) this.add(source.at, source.problem);
      else this.readRow(source.at, source.row, examples);
    }
    // What a faulty file holds is of no use.
    return this.faults.length > 0 ? [] : examples;
  }

  /** There are as many faults as an error lists. */
  get isFull(): boolean {
    return this.faults.length >= MAX_FAULTS;
  }

  addAll(faults: readonly RowFault[]): void {
    this.count++;
    for (const fault of faults) this.faults.push(fault);
  }

  end(): void {
    if (this.count === 0) this.faults.push({ location: null, problem: 'The file has no rows.' });
    if (this.faults.length > 0) throw new InvalidTrainingFileError(this.faults);
  }

  private readRow(at: number, row: JsonObject, examples: NumberedExample[]): void {
    const found = shapeOf(row);
    if (this.shape === null) {
      if (found === null) return this.add(at, `has none of the known shapes: ${fieldsOf(row)}. ${KNOWN_SHAPES}`);
      this.shape = found;
      this.firstAt = at;
    }
    const { shape } = this;
    if (found !== null && found !== shape) {
      const first = `${this.unit} ${this.firstAt}`;
      return this.add(at, `has the shape ${found.name}, but ${first} has ${shape.name}. Upload one file per shape.`);
    }
    try {
      const example = shape.read(row);
      refuseMisspelt(row, shape);
      examples.push({ at, example });
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.add(at, error.message);
    }
  }

  private add(at: number, problem: string): void {
    this.faults.push({ location: `${this.unit} ${at}`, problem });
  }
}

function fieldsOf(row: JsonObject): string {
  const names = Object.keys(row);
  if (names.length === 0) return 'it has no fields';
  const shown = names.slice(0, MAX_NAMED_FIELDS).map((name) => shortened(name, 40));
  return `its fields are ${shown.join(', ')}${names.length > shown.length ? ', ...' : ''}`;
}
