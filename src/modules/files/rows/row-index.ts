/** Bytes of an entry of the index: where a row ends, as a float64 in little-endian order. The first entry is 0. */
export const ENTRY_BYTES = 8;

const ENTRIES_PER_PIECE = 2 ** 16;

/** Where rows end, kept until all are known. */
export class RowIndex {
  count = 0;
  private readonly full: Buffer[] = [];
  private piece = Buffer.alloc(ENTRIES_PER_PIECE * ENTRY_BYTES);
  /** Of the piece, with the 0 that the first one begins with. */
  private used = 1;

  add(end: number): void {
    if (this.used === ENTRIES_PER_PIECE) {
      this.full.push(this.piece);
      this.piece = Buffer.alloc(ENTRIES_PER_PIECE * ENTRY_BYTES);
      this.used = 0;
    }
    this.piece.writeDoubleLE(end, this.used * ENTRY_BYTES);
    this.used++;
    this.count++;
  }

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* this.full;
    yield this.piece.subarray(0, this.used * ENTRY_BYTES);
  }
}
