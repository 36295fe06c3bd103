/** How much each holder has of something that is limited, such as bytes or turns. */
export class Holdings {
  private sum = 0;
  /** Those who hold nothing are not in it. */
  private readonly held = new Map<string, number>();

  get total(): number {
    return this.sum;
  }

  /** Those who hold something. */
  get holders(): Iterable<string> {
    return this.held.keys();
  }

  of(holder: string): number {
    return this.held.get(holder) ?? 0;
  }

  /** Adds to what the holder has; a negative amount is given back. */
  add(holder: string, amount: number): void {
    this.sum += amount;
    const held = this.of(holder) + amount;
    if (held > 0) this.held.set(holder, held);
    else this.held.delete(holder);
  }
}
