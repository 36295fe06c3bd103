import { isReadOnly, type OperationKind } from '../../domain/operation.js';

/** Most read-only operations of one line that run side by side. */
const MOST_READERS = 8;

/** An operation that has been taken from the line. */
export interface Claimed {
  readonly kind: OperationKind;
  /** Runs it to its end; never rejects. */
  run(): Promise<void>;
}

/** Where a line gets its operations from, and whom it tells of its end. */
export interface LineSource {
  /** Takes the next operation of the line; null when there is none (or none that is read-only, where asked for). */
  claim(readOnlyOnly: boolean): Promise<Claimed | null>;
  /** The line has nothing to do. Called synchronously with the last look at `wake`. */
  idle(): void;
  /** A claim failed: the line goes idle until it is woken again. */
  failed(error: unknown): void;
}

/**
 * One line of operations: strictly one after another in the order in which `claim` gives them, except that read-only
 * ones which follow each other run side by side. The line only asks for work when it is woken; a wake during its last
 * look makes it look again, so none is lost.
 */
export class Line {
  private readonly readers = new Set<Promise<void>>();
  private active = false;
  private woken = false;
  private signal: () => void = () => undefined;

  constructor(private readonly source: LineSource) {}

  wake(): void {
    this.woken = true;
    this.signal();
    if (this.active) return;
    this.active = true;
    void this.work();
  }

  private async work(): Promise<void> {
    while (this.woken) {
      this.woken = false;
      try {
        await this.runAll();
      } catch (error) {
        await Promise.all(this.readers);
        this.source.failed(error);
      }
    }
    this.active = false;
    this.source.idle();
  }

  /** Runs until the line is empty and its last reader is done. */
  private async runAll(): Promise<void> {
    for (;;) {
      const claimed = this.readers.size < MOST_READERS ? await this.source.claim(this.readers.size > 0) : null;
      if (claimed === null) {
        if (this.readers.size === 0) return;
        await this.readerDoneOrWoken();
      } else if (isReadOnly(claimed.kind)) {
        const reader: Promise<void> = claimed.run().finally(() => this.readers.delete(reader));
        this.readers.add(reader);
      } else {
        await claimed.run();
      }
    }
  }

  private readerDoneOrWoken(): Promise<void> {
    const woken = new Promise<void>((resolve) => (this.signal = resolve));
    return Promise.race([woken, ...this.readers]);
  }
}
