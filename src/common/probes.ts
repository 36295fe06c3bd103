import { type Channel, channel } from 'node:diagnostics_channel';
import { type OperationKind } from '../domain/operation.js';
import { type Usage } from '../domain/usage.js';

/**
 * Where something worth measuring happens, the code publishes it to a probe and knows nothing of who listens. Without a
 * listener that costs one comparison. Listeners run at once, on the publisher's stack, so they only count.
 */
export class Probe<Event> {
  private readonly channel: Channel;

  constructor(name: string) {
    this.channel = channel(`thinker:${name}`);
  }

  publish(event: Event): void {
    if (this.channel.hasSubscribers) this.channel.publish(event);
  }

  /** @returns what ends it */
  subscribe(listener: (event: Event) => void): () => void {
    const onMessage = (message: unknown) => listener(message as Event);
    this.channel.subscribe(onMessage);
    return () => void this.channel.unsubscribe(onMessage);
  }
}

export interface RequestAnswered {
  readonly method: string;
  /** The route's pattern, such as `/futures/:id`; null where no route was found. */
  readonly route: string | null;
  readonly status: number;
  readonly seconds: number;
}

export interface OperationSettled {
  readonly kind: OperationKind;
  readonly owner: string;
  /** Of one that failed. */
  readonly errorCode: string | null;
  /** From its claim on. */
  readonly seconds: number;
  readonly usage: Usage;
}

export const requestAnswered = new Probe<RequestAnswered>('request-answered');
/** A worker has claimed an operation for the first time. */
export const operationClaimed = new Probe<{ readonly kind: OperationKind; readonly waitedS: number }>(
  'operation-claimed',
);
/** The outcome of an operation has been stored. */
export const operationSettled = new Probe<OperationSettled>('operation-settled');
/** An operation waits again, because its worker could not finish it. */
export const operationReturned = new Probe<{ readonly reason: string }>('operation-returned');
/** A state snapshot of an adapter has been written, or not: then without bytes. */
export const snapshotWritten = new Probe<{ readonly seconds: number; readonly bytes: number | null }>(
  'snapshot-written',
);
/** An adapter's state has been rebuilt from a snapshot and the operations after it. */
export const adapterRestored = new Probe<{ readonly seconds: number; readonly replayed: number }>('adapter-restored');
/** An adapter has left the engine's memory at the worker's will. */
export const adapterEvicted = new Probe<Record<never, never>>('adapter-evicted');
/** A worker has started an engine. */
export const engineStarted = new Probe<Record<never, never>>('engine-started');
