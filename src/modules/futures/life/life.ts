import { isSettled } from '../../../domain/operation.js';
import { type FutureSummary } from '../repositories/future.repository.js';

/** What has happened to an operation, in the order of a claim. */
const PHASES = ['queued', 'claimed', 'running', 'settled'] as const;

export interface LifeEvent {
  /** Larger than that of every earlier event of the operation, and the same whoever reads it and when. */
  readonly id: number;
  readonly name: 'queued' | 'claimed' | 'running' | 'completed' | 'failed';
  /** Null where the row does not tell: a claim that waits for its turn. */
  readonly at: Date | null;
  /** How many claims there were until then. */
  readonly attempt: number;
}

/**
 * The life of an operation as its row tells it: its acceptance, and the latest claim. Earlier claims, which put it back,
 * show in the ids alone.
 */
export function lifeOf(row: Pick<FutureSummary, 'status' | 'attempts' | 'createdAt' | 'startedAt' | 'finishedAt'>) {
  const { status, attempts, createdAt, startedAt, finishedAt } = row;
  const event = (phase: (typeof PHASES)[number], attempt: number, at: Date | null): LifeEvent => {
    const name = phase !== 'settled' ? phase : status === 'completed' ? 'completed' : 'failed';
    return { id: attempt * PHASES.length + PHASES.indexOf(phase), name, at, attempt };
  };
  const events = [event('queued', 0, createdAt)];
  if (status === 'pending' && attempts > 0) events.push(event('queued', attempts, null));
  if (status !== 'pending' && attempts > 0) events.push(event('claimed', attempts, startedAt));
  if (startedAt !== null) events.push(event('running', attempts, startedAt));
  if (isSettled(status)) events.push(event('settled', attempts, finishedAt));
  return events;
}
