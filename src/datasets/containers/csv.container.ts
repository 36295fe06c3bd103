import { Readable } from 'node:stream';
import { CsvError, type Info, parse } from 'csv-parse';
import { isGiven, type JsonObject } from '../../common/json/json-fields.js';
import { shortened } from '../../common/shortened.js';
import { InvalidTrainingFileError } from '../dataset.errors.js';
import { type ByteSource, type Container, MAX_ROW_BYTES, type SourceRow } from './container.js';

/** Columns whose cells are JSON. */
const JSON_COLUMNS = ['messages', 'tools', 'conversations', 'preferred_output', 'non_preferred_output'];

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: Pick<Info, 'lines'>;
}

/** A header with the names of fields, then one row per record, which may span lines (RFC 4180). */
export const CSV: Container = {
  unit: 'line',
  async *rows(source) {
    const lines = new CsvLines();
    const skipped: SourceRow[] = [];
    const parser = parse({
      bom: true,
      info: true,
      columns: (header: string[]) => readHeader(header, lines),
      skip_empty_lines: true,
      skip_records_with_error: true,
      max_record_size: MAX_ROW_BYTES,
      // Both are called in the order of the records; events come at other times.
      on_record: ({ record, info }: CsvRecord) => readRecord(record, lines.start(info.lines, Object.values(record))),
      on_skip: (error: CsvError | undefined, raw) => {
        const at = lines.start(linesOf(error), [raw?.trim() ?? '']);
        skipped.push({ at, problem: `${error?.message ?? 'cannot be read'}.` });
        return undefined;
      },
    });
    const text = Readable.from(decode(source));
    text.once('error', (error) => parser.destroy(error));
    try {
      for await (const found of text.pipe(parser)) {
        const row = found as SourceRow;
        const before = skipped.filter(({ at }) => at < row.at);
        yield [...skipped.splice(0, before.length), row];
      }
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      skipped.push({ at: lines.start(linesOf(error), []), problem: `${error.message}.` });
    }
    yield skipped;
  },
};

/** Where records begin, from what csv-parse counts: the line in which they end, where a CR within quotes counts as one. */
class CsvLines {
  private extra = 0;

  start(counted: number, cells: readonly string[]): number {
    const text = cells.join('');
    this.extra += occurrences(text, '\r');
    return counted - this.extra - occurrences(text, '\n');
  }
}

function occurrences(text: string, character: string): number {
  return text.split(character).length - 1;
}

function linesOf(error: CsvError | undefined): number {
  const lines: unknown = error?.['lines'];
  return typeof lines === 'number' ? lines : 1;
}

function readHeader(header: string[], lines: CsvLines): string[] {
  lines.start(1, header);
  const twice = header.find((name, i) => header.indexOf(name) !== i);
  if (twice === undefined) return header;
  throw new InvalidTrainingFileError([{ location: 'line 1', problem: `has two columns named '${shortened(twice)}'.` }]);
}

function readRecord(record: Readonly<Record<string, string>>, at: number): SourceRow {
  const row: Record<string, unknown> = { ...record };
  // OpenAI's preferences have an object here, Alpaca's rows a text.
  const columns = isGiven(row['preferred_output']) ? [...JSON_COLUMNS, 'input'] : JSON_COLUMNS;
  for (const name of columns) {
    const cell = record[name];
    if (cell === undefined) continue;
    try {
      row[name] = cell === '' ? undefined : (JSON.parse(cell) as unknown);
    } catch (error) {
      return { at, problem: `${name} is not valid JSON: ${error instanceof Error ? error.message : String(error)}.` };
    }
  }
  return { at, row: row satisfies JsonObject };
}

/** @throws InvalidTrainingFileError for bytes that are not UTF-8, which would otherwise become other characters */
async function* decode(source: ByteSource): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  try {
    for await (const piece of source.stream()) yield decoder.decode(piece, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InvalidTrainingFileError([{ location: null, problem: 'The file is not valid UTF-8.' }]);
  }
}
