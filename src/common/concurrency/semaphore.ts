/**
 * Lets holders of at most `size` in all go on at once; the others wait in the order of their arrival. One that is heavier
 * than that goes alone.
 */
export class Semaphore {
  private taken = 0;
  private readonly waiting: { readonly weight: number; readonly enter: () => void }[] = [];

  constructor(private readonly size: number) {}

  /** Would one that comes now have to wait? */
  get isFull(): boolean {
    return this.waiting.length > 0 || !this.hasRoom(1);
  }

  /** Resolves with the function that releases the permit; call it once. */
  async acquire(weight = 1): Promise<() => void> {
    if (this.waiting.length === 0 && this.hasRoom(weight)) this.taken += weight;
    else await new Promise<void>((enter) => this.waiting.push({ weight, enter }));
    return () => this.release(weight);
  }

  private hasRoom(weight: number): boolean {
    return this.taken === 0 || this.taken + weight <= this.size;
  }

  private release(weight: number): void {
    this.taken -= weight;
    for (let next = this.waiting[0]; next !== undefined && this.hasRoom(next.weight); next = this.waiting[0]) {
      this.waiting.shift();
      this.taken += next.weight;
      next.enter();
    }
  }
}
