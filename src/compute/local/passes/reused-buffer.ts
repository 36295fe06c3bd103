/** Runs one after another that need at most half of the memory before it shrinks to what the largest of them needed. */
const RUNS = 16;

/**
 * Memory that is kept from run to run, as large as the largest needs it: asking the system anew for a gigabyte per step
 * would cost a page fault for every 4 KiB of it.
 */
export class ReusedBuffer {
  private buffer = new ArrayBuffer(0);
  /** Since the memory was last larger than needed by less than half: runs, and what the largest needed. */
  private spared = { runs: 0, bytes: 0 };

  /** At least this much memory, with arbitrary numbers or those that the last call left in it if it gave the same. */
  take(bytes: number): ArrayBuffer {
    if (bytes > this.buffer.byteLength) this.buffer = new ArrayBuffer(bytes);
    if (2 * bytes > this.buffer.byteLength) this.spared = { runs: 0, bytes: 0 };
    else this.spare(bytes);
    return this.buffer;
  }

  private spare(bytes: number): void {
    this.spared = { runs: this.spared.runs + 1, bytes: Math.max(bytes, this.spared.bytes) };
    if (this.spared.runs < RUNS) return;
    this.buffer = new ArrayBuffer(this.spared.bytes);
    this.spared = { runs: 0, bytes: 0 };
  }
}
