import { AppError } from '../common/errors/app-error.js';

/** What is wrong with a file, and where. */
export interface RowFault {
  /** "line 7312", "row 12"; null for what concerns the whole file. */
  readonly location: string | null;
  readonly problem: string;
}

/** Faults that an error lists; reading stops there. */
export const MAX_FAULTS = 50;

/** A file of training data that cannot be read. Its code is the one of OpenAI's API. */
export class InvalidTrainingFileError extends AppError {
  constructor(
    readonly faults: readonly RowFault[],
    options?: ErrorOptions,
  ) {
    const remedy = 'Correct the file and upload it again.';
    const lines = faults.map(({ location, problem }) => (location === null ? problem : `${location}: ${problem}`));
    const rest = faults.length < MAX_FAULTS ? '' : `\nOnly the first ${MAX_FAULTS} faults are listed.`;
    super(
      'invalid_training_file',
      'user',
      400,
      `The file cannot be used for training.\n${lines.join('\n')}${rest}\n${remedy}`,
      { field: 'file', remedy },
      options,
    );
  }
}
