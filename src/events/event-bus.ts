/** Channels between processes, with what their payload is. */
export const EVENT_CHANNELS = {
  /** A future is completed or failed. Payload: its request id; and once more for its sampling session, with that id. */
  futureSettled: 'future_settled',
  /** An operation waits in an adapter's queue. Payload: the adapter's id, the worker that is meant or *, and the owner. */
  operationWaits: 'operation_waits',
  /** A client has given a request up that may be running. Payload: its request id. */
  requestCancelled: 'request_cancelled',
  /** A checkpoint is gone. Payload: its id. */
  checkpointDeleted: 'checkpoint_deleted',
  /** Tokens as they are drawn, for streaming answers. Payload: TokenEvents as JSON. */
  tokenStream: 'token_stream',
  /** Something happened to a fine-tuning job. Payload: its id. */
  fineTuningJob: 'fine_tuning_job',
  /** A fine-tuning job waits for a process that drives it. Payload: its id. */
  fineTuningJobWaits: 'fine_tuning_job_waits',
  /** An API key was made, changed or revoked. Payload: its id. */
  apiKeyChanged: 'api_key_changed',
} as const;
export type EventChannel = (typeof EVENT_CHANNELS)[keyof typeof EVENT_CHANNELS];

/** Longest payload in bytes (Postgres allows 7999). */
export const MAX_EVENT_BYTES = 7000;

export interface EventListener {
  onEvent(payload: string): void;
  /** The connection was lost and is back: events may have been missed, so look for yourself. */
  onGap?(): void;
}

/**
 * Short messages from any process to every process. Delivery is at most once and order holds only within one sender:
 * what must not be lost is a row in the database, and the event only tells others to look.
 */
export abstract class EventBus {
  /** Fails when the payload is longer than MAX_EVENT_BYTES or the database is out of reach. */
  abstract publish(channel: EventChannel, payload: string): Promise<void>;
  /** Returns the function that ends the subscription. */
  abstract subscribe(channel: EventChannel, listener: EventListener): () => void;
}
