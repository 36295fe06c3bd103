import { SingleBar } from 'cli-progress';
import { type Output } from '../output.js';

type Fields = Readonly<Record<string, string>>;

/** A bar on stderr, or nothing where nobody watches. */
export class ProgressBar {
  isRunning = false;
  private readonly bar: SingleBar | undefined;

  /** @param tail what follows the count, with the names of fields in braces */
  constructor(output: Output, unit: string, tail = '') {
    if (!output.isInteractive) return;
    this.bar = new SingleBar({
      format: `{bar} {value}/{total} ${unit}${tail}`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 20,
      hideCursor: true,
      clearOnComplete: true,
      stream: process.stderr,
    });
  }

  start(total: number, fields: Fields = {}): void {
    this.isRunning = true;
    this.bar?.start(total, 0, fields);
  }

  update(done: number, fields: Fields = {}): void {
    this.bar?.update(done, fields);
  }

  stop(): void {
    this.isRunning = false;
    this.bar?.stop();
  }
}
