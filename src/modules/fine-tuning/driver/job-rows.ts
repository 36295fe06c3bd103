import { type BaseModel } from '../../../base-models/base-model.js';
import { AppError } from '../../../common/errors/app-error.js';
import { type TrainingFile } from '../../files/index.js';
import { type TrainedSequence, tokenizeExample } from '../data/example-tokens.js';
import { type JobEntity } from '../entities/job.entity.js';
import { JobFileError } from '../errors/job-file.error.js';
import { type RowSet } from '../plan/training-plan.js';
import { KeptSequences } from './kept-sequences.js';

type RowFile = Pick<TrainingFile, 'filename' | 'read' | 'locations'>;

/** Opens files of training data; FilesService does. */
export interface RowFiles {
  trainingFile(owner: string, id: string, field: string): Promise<RowFile>;
}

/** Rows that are tokenised side by side: few, so that requests of others are not kept waiting. */
const SIDE_BY_SIDE = 16;

/**
 * The rows of a job's files, as its base model reads them. Those of small files are read once, for their check, and are
 * then known to all epochs.
 */
export class JobRows {
  private readonly files = new Map<RowSet['file'], Promise<RowFile>>();
  private readonly kept = { training: new KeptSequences(), validation: new KeptSequences() };

  constructor(
    private readonly job: Pick<JobEntity, 'owner' | 'trainingFile' | 'validationFile' | 'settings'>,
    private readonly model: BaseModel,
    private readonly store: RowFiles,
  ) {}

  /** @throws JobFileError that names the first row that the model cannot read, or a deleted file */
  async sequences(set: RowSet): Promise<TrainedSequence[]> {
    try {
      return await this.read(set);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const cause = error.category === 'user' ? error : await this.deletionOf(set.file);
      throw cause ? new JobFileError(`${set.file}_file`, cause) : error;
    }
  }

  /** What is said of a file that has been deleted since it was opened; null where it is there. */
  private async deletionOf(file: RowSet['file']): Promise<AppError | null> {
    this.files.delete(file);
    return this.open(file).then(
      () => null,
      (error: unknown) => (error instanceof AppError && error.category === 'user' ? error : null),
    );
  }

  private async read({ file, rows }: RowSet): Promise<TrainedSequence[]> {
    const unread = rows.filter((row) => this.kept[file].get(row) === undefined);
    // Whoever reads nothing would not see that the file was deleted.
    if (unread.length === 0) this.files.delete(file);
    const source = await this.open(file);
    const read = new Map<number, readonly TrainedSequence[]>();
    for (let first = 0; first < unread.length; first += SIDE_BY_SIDE) {
      const some = unread.slice(first, first + SIDE_BY_SIDE);
      const sequences = await this.tokenize(source, some);
      some.forEach((row, i) => read.set(row, sequences[i] ?? []));
    }
    const sequences = rows.flatMap((row) => read.get(row) ?? this.kept[file].get(row) ?? []);
    for (const [row, own] of read) this.kept[file].keep(row, own);
    return sequences;
  }

  /** Of each row. @throws what the first row that is wrong is refused with */
  private async tokenize(source: RowFile, rows: readonly number[]): Promise<(readonly TrainedSequence[])[]> {
    const examples = await source.read(rows);
    const options = { model: this.model, truncate: this.job.settings.truncate };
    const outcomes = await Promise.allSettled(
      examples.map((example, i) =>
        tokenizeExample(example, 'row', options).catch(async () =>
          tokenizeExample(example, await locationOf(source, rows[i] ?? 0), options),
        ),
      ),
    );
    return outcomes.map((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
  }

  private open(file: RowSet['file']): Promise<RowFile> {
    const { owner, trainingFile, validationFile } = this.job;
    const id = file === 'training' ? trainingFile : (validationFile ?? trainingFile);
    const opened = this.files.get(file) ?? this.store.trainingFile(owner, id, `${file}_file`);
    this.files.set(file, opened);
    return opened;
  }
}

/** Where a row stands in the file that the client sent: errors call it that. */
async function locationOf(file: RowFile, row: number): Promise<string> {
  const [location = 'row'] = await file.locations([row]);
  return `${location} of ${file.filename}`;
}
