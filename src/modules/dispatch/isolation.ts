interface Waiting {
  readonly alone: boolean;
  readonly start: () => void;
}

/** Lets operations run side by side, except that one which must be alone has the worker to itself. First come, first served. */
export class Isolation {
  private readonly waiting: Waiting[] = [];
  private running = 0;
  private alone = false;

  async run<T>(alone: boolean, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.waiting.push({ alone, start });
      this.startNext();
    });
    try {
      return await work();
    } finally {
      this.running--;
      this.alone = false;
      this.startNext();
    }
  }

  private startNext(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      if (this.alone || (next.alone && this.running > 0)) return;
      this.waiting.shift();
      this.running++;
      this.alone = next.alone;
      next.start();
    }
  }
}
