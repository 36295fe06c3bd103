import { type JobEventEntity } from './entities/job-event.entity.js';

/** An event to record; one with a key is recorded once. */
export type NewJobEvent = Pick<JobEventEntity, 'type' | 'level' | 'message'> & {
  readonly key?: string;
  readonly data?: Readonly<Record<string, unknown>>;
};

export function infoEvent(message: string, key?: string): NewJobEvent {
  return { type: 'message', level: 'info', message, key };
}
