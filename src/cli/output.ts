import Table from 'cli-table3';
import pc from 'picocolors';

/** Where output goes; a terminal tells its width. */
interface Sink {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface OutputOptions {
  readonly json: boolean;
  readonly noColor: boolean;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** Empty borders, so that columns can be cut with awk. */
const PLAIN = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right', 'left', 'left-mid']
    .concat(['mid', 'mid-mid', 'right', 'right-mid'])
    .map((part) => [part, '']),
);

/**
 * What a command says. For people: text, tables and colours on stdout, notes on stderr. With --json: documents on
 * stdout, one per line, and nothing else.
 */
export class Output {
  readonly isJson: boolean;
  /** Whether a person watches, so that a line may be drawn again. */
  readonly isInteractive: boolean;
  readonly colors: ReturnType<typeof pc.createColors>;

  constructor(private readonly options: OutputOptions) {
    const { json, noColor, stdout } = options;
    this.isJson = json;
    this.isInteractive = !json && stdout.isTTY === true;
    this.colors = pc.createColors(this.isInteractive && !noColor);
  }

  get width(): number {
    return this.options.stdout.columns || 80; // some terminals say 0
  }

  /** The document with --json, otherwise the text. */
  result(document: unknown, text: () => string): void {
    if (this.isJson) this.document(document);
    else this.line(text());
  }

  /** One JSON document, on a line; nothing without --json. */
  document(document: unknown): void {
    if (this.isJson) this.options.stdout.write(`${JSON.stringify(document)}\n`);
  }

  /** A line for people. */
  line(text = ''): void {
    this.text(`${text}\n`);
  }

  /** A piece of a line for people. */
  text(text: string): void {
    if (!this.isJson) this.options.stdout.write(text);
  }

  /** What is not a result: progress, questions, hints. */
  note(text: string): void {
    if (!this.isJson) this.options.stderr.write(`${text}\n`);
  }

  /** Columns under their heads. */
  table(heads: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
    const { dim } = this.colors;
    const table = new Table({
      chars: { ...PLAIN, middle: '  ' },
      style: { 'padding-left': 0, 'padding-right': 0, border: [] },
    });
    table.push(heads.map((head) => dim(head)));
    for (const row of rows) table.push(row.map(String));
    return table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n');
  }

  /** Names and values, one pair per line. */
  fields(fields: Readonly<Record<string, string | number | boolean | null | undefined>>): string {
    const shown = Object.entries(fields).filter(([, value]) => value !== undefined && value !== null);
    const width = shown.reduce((longest, [name]) => Math.max(longest, name.length), 0);
    return shown.map(([name, value]) => `${this.colors.dim(name.padEnd(width))}  ${String(value)}`).join('\n');
  }
}
