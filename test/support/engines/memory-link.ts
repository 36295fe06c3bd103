import { Link } from '../../../src/compute/remote/link.js';

/**
 * One end of a link within this process. Messages are cloned and buffers transferred as between threads, and arrive in a
 * later turn of the loop.
 */
export class MemoryLink<Sent, Received> extends Link<Sent, Received> {
  private peer: MemoryLink<Received, Sent> | null = null;
  private listener: (message: Received) => void = () => undefined;
  private endListener: (reason: string, cause?: unknown) => void = () => undefined;

  /** Both ends of a new link. */
  static pair<A, B>(): [MemoryLink<A, B>, MemoryLink<B, A>] {
    const near = new MemoryLink<A, B>();
    const far = new MemoryLink<B, A>();
    near.peer = far;
    far.peer = near;
    return [near, far];
  }

  override send(message: Sent, transfer: readonly ArrayBuffer[]): void {
    const arrived = structuredClone(message, { transfer: [...transfer] });
    setImmediate(() => this.peer?.listener(arrived));
  }

  override onMessage(listener: (message: Received) => void): void {
    this.listener = listener;
  }

  override onEnd(listener: (reason: string, cause?: unknown) => void): void {
    this.endListener = listener;
  }

  /** Ends the link as a crash of the other side does. */
  break(reason: string, cause?: unknown): void {
    this.peer = null;
    this.endListener(reason, cause);
  }

  override close(): Promise<void> {
    this.peer = null;
    return Promise.resolve();
  }
}
