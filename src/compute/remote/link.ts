/**
 * A connection to an engine that runs elsewhere. Messages arrive whole and in the order in which they were sent. Made
 * for a thread, but nothing in it asks for one.
 */
export abstract class Link<Sent, Received> {
  /**
   * Sends a message without waiting for its arrival.
   * @param transfer buffers of the message that the sender gives up: a link within one process moves them uncopied
   */
  abstract send(message: Sent, transfer: readonly ArrayBuffer[]): void;
  abstract onMessage(listener: (message: Received) => void): void;
  /** Calls the listener once, when the other side has ended without having been asked to. */
  abstract onEnd(listener: (reason: string, cause?: unknown) => void): void;
  /** Ends the connection, and what runs only for its sake at the other end. */
  abstract close(): Promise<void>;
}
