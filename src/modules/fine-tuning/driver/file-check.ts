import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { targetWeight } from '../data/example-tokens.js';
import { type JobEntity } from '../entities/job.entity.js';
import { JobFileError } from '../errors/job-file.error.js';
import { type JobRows } from './job-rows.js';

/** Rows that are read at a time. */
const CHUNK = 64;

/** What was found in a job's training file. */
export interface FileFindings {
  /** Of all rows, once each. */
  readonly tokens: number;
  /** Rows of which no token is trained. */
  readonly untrainedRows: number;
}

/**
 * Reads both files from end to end, as the steps will read them: a row that cannot be trained on stops a job before its
 * first step and not in its last. Null when the signal aborts before.
 * @throws JobFileError that names the row
 */
export async function checkFiles(
  { settings, trainingFile }: Pick<JobEntity, 'settings' | 'trainingFile'>,
  rows: JobRows,
  signal: AbortSignal,
): Promise<FileFindings | null> {
  const { trainingRows, heldOutRows, validationRows } = settings;
  const training = await checkFile('training', trainingRows + heldOutRows, rows, signal);
  const validation = await checkFile('validation', validationRows, rows, signal);
  if (signal.aborted) return null;
  if (training.untrainedRows === trainingRows + heldOutRows) {
    const remedy = 'Add assistant messages, or weights other than 0.';
    const nothing = new InvalidRequestError(`${trainingFile} has no token to train on. ${remedy}`);
    throw new JobFileError('training_file', nothing);
  }
  if (validationRows > 0 && validation.untrainedRows === validationRows) {
    throw new JobFileError('validation_file', new InvalidRequestError('The validation file has no token to score.'));
  }
  return training;
}

async function checkFile(
  file: 'training' | 'validation',
  count: number,
  rows: JobRows,
  signal: AbortSignal,
): Promise<FileFindings> {
  let tokens = 0;
  let untrainedRows = 0;
  for (let first = 0; first < count && !signal.aborted; first += CHUNK) {
    const chunk = Array.from({ length: Math.min(CHUNK, count - first) }, (_, i) => first + i);
    const sequences = await rows.sequences({ file, rows: chunk });
    tokens += sequences.reduce((sum, sequence) => sum + sequence.tokens.length, 0);
    untrainedRows += sequences.filter((sequence) => targetWeight(sequence) === 0).length;
  }
  return { tokens, untrainedRows };
}
