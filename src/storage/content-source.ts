/** What is being written: tells its own faults from those of the store. */
export class ContentSource {
  failed = false;
  /** That were read so far. */
  bytes = 0;

  constructor(private readonly content: AsyncIterable<Uint8Array>) {}

  async *pieces(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const piece of this.content) {
        this.bytes += piece.byteLength;
        yield piece;
      }
    } catch (error) {
      this.failed = true;
      throw error;
    }
  }
}
