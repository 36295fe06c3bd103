import { type BackendCapabilities } from '../compute/compute-backend.js';
import { type OperationData } from '../domain/operation-data.js';
import { type AdapterContext } from './adapter-context.js';
import { type OperationOutcome } from './operation-outcome.js';

/**
 * Defines an operation kind: how its payload is stored, whether it changes its adapter, and how its effect is repeated
 * when an adapter is rebuilt from the log. A definition knows no database, queue or HTTP.
 */
export type OperationDefinition<Request = unknown> =
  ReadOnlyOperation<Request> | ReplayedOperation<Request> | UnreplayedOperation<Request>;

interface CommonDefinition<Request> {
  /** Whether a client may cancel it while it waits; kinds that are the server's own bookkeeping may not. */
  readonly cancellable: boolean;
  /** Whether a running one ends early when it is cancelled or overdue. */
  readonly stoppable?: true;
  /** It frees memory or disk space, so a full queue does not reject it. */
  readonly acceptedWhenFull?: true;
  /**
   * The payload as it stands in the log. A log outlives the version that wrote it: add fields, never change the meaning
   * of existing ones. A repeated request is recognised by its bytes, so equal requests must be encoded equally.
   */
  encode(request: Request): OperationData;
  decode(payload: OperationData): Request;
  /** Why its numbers may differ from those at the time it was accepted, such as a changed loss plugin; else null. */
  changeSince?(request: Request, capabilities: BackendCapabilities): string | null;
}

/** Changes nothing about an adapter: several in a row may run side by side, and none is replayed. */
export interface ReadOnlyOperation<Request = unknown> extends CommonDefinition<Request> {
  readonly readOnly: true;
}

/** Changes its adapter, and is applied again when the adapter is rebuilt. */
export interface ReplayedOperation<Request = unknown> extends CommonDefinition<Request> {
  readonly readOnly: false;
  /**
   * What a replay reads besides the payload. Anything but the payload may be gone by then, so the state after such an
   * operation is written to disk before the operation completes. A checkpoint may also have been replaced: a replay
   * that reads one and gives another digest means that the state is lost.
   */
  readonly replayReads: 'payload' | 'earlier state' | 'checkpoint';
  /**
   * Runs the operation, in the first run and in every replay alike. It either changes the adapter's state as a whole,
   * or fails and leaves it, or fails with a FailedWithEffectError.
   */
  apply(context: AdapterContext, request: Request): Promise<OperationOutcome>;
}

/** Stands in the adapter's log, but leaves nothing that rebuilding the adapter has to repeat. */
export interface UnreplayedOperation<Request = unknown> extends CommonDefinition<Request> {
  readonly readOnly: false;
  /** The reason. */
  readonly notReplayed: string;
}

export function isReplayed(definition: OperationDefinition): definition is ReplayedOperation {
  return 'apply' in definition;
}
