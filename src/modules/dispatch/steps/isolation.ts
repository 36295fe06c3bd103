interface Waiting {
  readonly alone: boolean;
  readonly enter: () => void;
}

/** Lets operations run side by side, except one that must run alone: it has the worker to itself. First come, first served. */
export class Isolation {
  private readonly waiting: Waiting[] = [];
  private running = 0;
  private alone = false;

  /** Resolves when it is the operation's turn, with the function that ends the turn; call it once. */
  async enter(alone: boolean): Promise<() => void> {
    await new Promise<void>((enter) => {
      this.waiting.push({ alone, enter });
      this.admit();
    });
    return () => this.leave();
  }

  private leave(): void {
    this.running--;
    this.alone = false;
    this.admit();
  }

  private admit(): void {
    for (let next = this.waiting[0]; next !== undefined; next = this.waiting[0]) {
      if (this.alone || (next.alone && this.running > 0)) return;
      this.waiting.shift();
      this.running++;
      this.alone = next.alone;
      next.enter();
    }
  }
}
