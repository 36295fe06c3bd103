import { type BaseModel } from '../../../base-models/base-model.js';
import { AppError } from '../../../common/errors/app-error.js';
import { type FilesService, type TrainingFile } from '../../files/index.js';
import { type TrainedSequence, tokenizeExample } from '../data/example-tokens.js';
import { type JobEntity } from '../entities/job.entity.js';
import { JobFileError } from '../errors/job-file.error.js';
import { type RowSet } from '../plan/training-plan.js';

/** The rows of a job's files, as its base model reads them. */
export class JobRows {
  private readonly files = new Map<RowSet['file'], Promise<TrainingFile>>();

  constructor(
    private readonly job: Pick<JobEntity, 'owner' | 'trainingFile' | 'validationFile' | 'settings'>,
    private readonly model: BaseModel,
    private readonly store: FilesService,
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
    const source = await this.open(file);
    const examples = await source.read(rows);
    const { truncate } = this.job.settings;
    const sequences: TrainedSequence[] = [];
    // One after another: the first that is wrong is the one that is named.
    for (const [i, example] of examples.entries()) {
      const tokenize = (field: string) => tokenizeExample(example, field, { model: this.model, truncate });
      const own = await tokenize('row').catch(async () => tokenize(await locationOf(source, rows[i] ?? 0)));
      for (const sequence of own) sequences.push(sequence);
    }
    return sequences;
  }

  private open(file: RowSet['file']): Promise<TrainingFile> {
    const { owner, trainingFile, validationFile } = this.job;
    const id = file === 'training' ? trainingFile : (validationFile ?? trainingFile);
    const opened = this.files.get(file) ?? this.store.trainingFile(owner, id, `${file}_file`);
    this.files.set(file, opened);
    return opened;
  }
}

/** Where a row stands in the file that the client sent: errors call it that. */
async function locationOf(file: TrainingFile, row: number): Promise<string> {
  const [location = 'row'] = await file.locations([row]);
  return `${location} of ${file.filename}`;
}
