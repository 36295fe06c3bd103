import { type MessagePort, Worker } from 'node:worker_threads';
import { Link } from './link.js';

/** A link to a thread of this process, which lives and ends with the link. */
export class ThreadLink<Sent, Received> extends Link<Sent, Received> {
  private readonly thread: Worker;

  /** @param entry the module that the thread runs; it takes the other end with ParentLink */
  constructor(entry: URL, settings: unknown) {
    super();
    this.thread = new Worker(entry, { workerData: settings });
  }

  override send(message: Sent, transfer: readonly ArrayBuffer[]): void {
    this.thread.postMessage(message, transfer);
  }

  override onMessage(listener: (message: Received) => void): void {
    this.thread.on('message', listener);
  }

  override onEnd(listener: (reason: string, cause?: unknown) => void): void {
    // An error is followed by the exit, which says less.
    let ended = false;
    const end = (reason: string, cause?: unknown) => {
      if (ended) return;
      ended = true;
      listener(reason, cause);
    };
    this.thread.on('error', (error) => end('its thread failed', error));
    this.thread.on('exit', (code) => end(`its thread ended with code ${code}`));
  }

  override async close(): Promise<void> {
    await this.thread.terminate();
  }
}

/** The thread's end of a ThreadLink. */
export class ParentLink<Sent, Received> extends Link<Sent, Received> {
  constructor(private readonly port: MessagePort) {
    super();
  }

  override send(message: Sent, transfer: readonly ArrayBuffer[]): void {
    this.port.postMessage(message, transfer);
  }

  override onMessage(listener: (message: Received) => void): void {
    this.port.on('message', listener);
  }

  override onEnd(listener: (reason: string) => void): void {
    this.port.on('close', () => listener('the process closed the link'));
  }

  override close(): Promise<void> {
    this.port.close();
    return Promise.resolve();
  }
}
