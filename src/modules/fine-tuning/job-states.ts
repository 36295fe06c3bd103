/** As in OpenAI's API. */
export const JOB_STATUSES = [
  'validating_files',
  'queued',
  'running',
  'paused',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** States in which a driver works on a job. */
export const DRIVEN: readonly JobStatus[] = ['validating_files', 'queued', 'running'];

/** States that a job never leaves. */
export const FINISHED: readonly JobStatus[] = ['succeeded', 'failed', 'cancelled'];

export function isFinished(status: JobStatus): boolean {
  return FINISHED.includes(status);
}

/** What a client can ask for. */
export type JobAction = 'cancel' | 'pause' | 'resume';

interface Transition {
  readonly from: readonly JobStatus[];
  /** Reached already: asked for once more, it is a repeat. */
  readonly reached: readonly JobStatus[];
}

export const TRANSITIONS: Readonly<Record<JobAction, Transition>> = {
  cancel: { from: [...DRIVEN, 'paused'], reached: ['cancelled'] },
  pause: { from: DRIVEN, reached: ['paused'] },
  resume: { from: ['paused'], reached: DRIVEN },
};
