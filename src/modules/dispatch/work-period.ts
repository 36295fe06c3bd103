/** Notified of operations that ended without being settled. */
export interface DispatchListener {
  /** Another worker has the adapter (null: had the request), or may have. */
  onFenced(adapterId: string | null): void;
  /** The engine is gone; the operation waits again. */
  onEngineLost(): void;
}

/** The time from one opening of the worker to its next closing. Each claim belongs to the period in which it was made. */
export class WorkPeriod {
  private open = true;
  private readonly abandonment = new AbortController();

  constructor(
    readonly workerId: string,
    readonly listener: DispatchListener,
  ) {}

  /** False: no more rows are claimed, and claimed ones whose turn has not come are handed back. */
  get isOpen(): boolean {
    return this.open;
  }

  /** Aborts when results that cannot be stored are to be given up. */
  get abandoned(): AbortSignal {
    return this.abandonment.signal;
  }

  close(): void {
    this.open = false;
  }

  abandon(): void {
    this.abandonment.abort();
  }
}
