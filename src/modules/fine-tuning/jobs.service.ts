import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { ulid } from 'ulid';
import { currentOwner } from '../../common/caller.js';
import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { MADE_SEEDS } from '../../domain/seed.js';
import { EVENT_CHANNELS, EventBus } from '../../events/event-bus.js';
import { AdaptersService } from '../adapters/index.js';
import { FilesService, type TrainingFile } from '../files/index.js';
import { FuturesService } from '../futures/index.js';
import { StorageQuota } from '../keys/index.js';
import { NO_PROGRESS } from './driver/job-progress.js';
import { type JobCheckpointEntity } from './entities/job-checkpoint.entity.js';
import { type JobEventEntity } from './entities/job-event.entity.js';
import { type JobEntity } from './entities/job.entity.js';
import { type FileField } from './errors/job-file.error.js';
import { JobCancelledError, JobNotFoundError, JobStateError, TooManyJobsError } from './errors/job.errors.js';
import { infoEvent } from './job-event.js';
import { type JobStatus, type JobAction, TRANSITIONS } from './job-states.js';
import { fineTunedModelName } from './model-name.js';
import { type NewJob } from './new-job.js';
import { resolveSettings } from './plan/auto-settings.js';
import { JobRepository } from './repositories/job.repository.js';

/** Unfinished jobs of one key: their rows, and those of their events, are all they take before they run. */
const MAX_UNFINISHED = 1000;

/** A page, and whether more follow. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly hasMore: boolean;
}

/** Fine-tuning jobs by their ids: started, looked at, and told to pause, go on or end. Drivers do their work. */
@Injectable()
export class JobsService {
  constructor(
    private readonly jobs: JobRepository,
    private readonly files: FilesService,
    private readonly adapters: AdaptersService,
    private readonly futures: FuturesService,
    private readonly events: EventBus,
    private readonly quota: StorageQuota,
  ) {}

  /** @throws InvalidRequestError, NotFoundError, TooManyJobsError, StorageLimitError */
  async create(wanted: NewJob): Promise<JobEntity> {
    const owner = currentOwner();
    const { method, validationFile, suffix } = wanted;
    const model = this.adapters.baseModel(wanted.model, 'model');
    const training = await this.openFile(wanted.trainingFile, 'training_file', wanted);
    const validation = validationFile === null ? null : await this.openFile(validationFile, 'validation_file', wanted);
    checkValidation(wanted, training, validation);
    const size = { rows: training.rows, validationRows: validation?.rows ?? 0 };
    const settings = resolveSettings(method, wanted.settings, size, model);
    await this.adapters.checkRank(settings.lora, `${wanted.field}.lora_rank`);
    if ((await this.jobs.countUnfinished(owner)) >= MAX_UNFINISHED) throw new TooManyJobsError(MAX_UNFINISHED);
    await this.quota.check(owner);
    const modelId = fineTunedModelName(model.name, suffix);
    await this.adapters.resolve({ modelId, baseModel: model.name, lora: settings.lora });
    const id = `ftjob-${ulid()}`;
    const row = {
      id,
      owner,
      status: 'validating_files',
      baseModel: model.name,
      modelId,
      trainingFile: training.id,
      validationFile: validation?.id ?? null,
      method,
      settings,
      seed: wanted.seed ?? randomInt(MADE_SEEDS),
      metadata: wanted.metadata,
      progress: NO_PROGRESS,
    } as const;
    await this.jobs.insert(row, [infoEvent(`Created fine-tuning job: ${id}`, 'created-job')]);
    await this.events.publish(EVENT_CHANNELS.fineTuningJobWaits, id);
    return this.get(id);
  }

  /** @throws JobNotFoundError */
  async get(id: string): Promise<JobEntity> {
    const job = isJobId(id) ? await this.jobs.find(currentOwner(), id) : null;
    if (!job) throw new JobNotFoundError(id);
    return job;
  }

  /** Newest first, those before the job `after` where given. */
  async list(limit: number, after?: string, metadata?: Readonly<Record<string, string>>): Promise<Page<JobEntity>> {
    const position = after === undefined ? undefined : (await this.get(after)).position;
    return pageOf(await this.jobs.findPage(currentOwner(), limit + 1, position, metadata), limit);
  }

  /** Steps that were sent go on to their ends; the next ones wait. */
  pause(id: string): Promise<JobEntity> {
    return this.change(id, 'pause', 'paused', 'The job is paused.');
  }

  async resume(id: string): Promise<JobEntity> {
    const { validated } = await this.get(id);
    const job = await this.change(id, 'resume', validated ? 'queued' : 'validating_files', 'The job goes on.');
    await this.events.publish(EVENT_CHANNELS.fineTuningJobWaits, id);
    return job;
  }

  /** The model keeps the steps that it has; its requests that have not started fail. */
  async cancel(id: string): Promise<JobEntity> {
    const job = await this.change(id, 'cancel', 'cancelled', 'The job was cancelled.');
    const adapter = await this.adapters.find(job.modelId);
    if (adapter) await this.futures.failPending(adapter.id, new JobCancelledError(id));
    return job;
  }

  /** Newest first, those before the event `after` where given. */
  async listEvents(id: string, limit: number, after?: number): Promise<Page<JobEventEntity>> {
    const job = await this.get(id);
    return pageOf(await this.jobs.findEvents(job.id, limit + 1, after), limit);
  }

  /** Newest first, those before the epoch `after` where given. */
  async listCheckpoints(id: string, limit: number, after?: number): Promise<Page<JobCheckpointEntity>> {
    const job = await this.get(id);
    return pageOf(await this.jobs.findCheckpoints(job.id, limit + 1, after), limit);
  }

  /** Of steps and epochs, oldest first, those after `after`. Of any owner's job: whoever asks has found it. */
  metrics(id: string, after: number, limit: number): Promise<JobEventEntity[]> {
    return this.jobs.findMetrics(id, after, limit);
  }

  /** The same, all of them. */
  allMetrics(id: string): Promise<JobEventEntity[]> {
    return this.jobs.findAllMetrics(id);
  }

  private async change(id: string, action: JobAction, to: JobStatus, message: string): Promise<JobEntity> {
    const job = await this.get(id);
    const { from, reached } = TRANSITIONS[action];
    if (reached.includes(job.status)) return job;
    const isChanged = await this.jobs.change(job, from, to, [infoEvent(message)]);
    const now = await this.get(id);
    if (!isChanged && !reached.includes(now.status)) throw new JobStateError(id, action, now.status);
    return now;
  }

  /** @throws InvalidRequestError for one whose rows are not for the method */
  private async openFile(id: string, field: FileField, { method }: NewJob): Promise<TrainingFile> {
    const file = await this.files.trainingFile(currentOwner(), id, field);
    const isPreference = file.kind === 'preference';
    if (isPreference === (method === 'dpo')) return file;
    const remedy = isPreference
      ? 'Use "method": {"type": "dpo"}.'
      : 'Rows of DPO have input, preferred_output and non_preferred_output.';
    const message = `${field} '${id}' has rows of kind ${file.kind}, which method ${method} does not train on. ${remedy}`;
    throw new InvalidRequestError(message, { field, remedy });
  }
}

function checkValidation(
  { settings: { validationSplit, patience, keepBest }, field }: NewJob,
  training: TrainingFile,
  validation: TrainingFile | null,
): void {
  if (validation && validationSplit !== undefined) {
    const remedy = 'Pass one of them.';
    const message = `validation_file and ${field}.validation_split are both given. ${remedy}`;
    throw new InvalidRequestError(message, { field: 'validation_file', remedy });
  }
  if (validation && validation.kind !== training.kind) {
    const message = `validation_file has rows of kind ${validation.kind}, but training_file of kind ${training.kind}.`;
    throw new InvalidRequestError(message, { field: 'validation_file' });
  }
  if (validation || validationSplit !== undefined) return;
  const needs = patience !== undefined ? 'early_stopping_patience' : keepBest === true ? 'keep_best' : null;
  if (needs === null) return;
  const remedy = 'Pass a validation_file or a validation_split.';
  const path = `${field}.${needs}`;
  throw new InvalidRequestError(`${path} needs a validation loss. ${remedy}`, { field: path, remedy });
}

/** Anything else is not an id of ours, and some of it Postgres refuses. */
function isJobId(id: string): boolean {
  return /^ftjob-\w{1,100}$/.test(id);
}

function pageOf<T>(rows: readonly T[], limit: number): Page<T> {
  return { items: rows.slice(0, limit), hasMore: rows.length > limit };
}
