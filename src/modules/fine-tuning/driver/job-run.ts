import { Readable } from 'node:stream';
import { type BaseModel } from '../../../base-models/base-model.js';
import { AdaptersService } from '../../adapters/index.js';
import { FilesService } from '../../files/index.js';
import { type JobEntity, type JobProgress } from '../entities/job.entity.js';
import { infoEvent } from '../job-event.js';
import { DRIVEN } from '../job-states.js';
import { metricsCsv } from '../metrics/metrics-csv.js';
import { bestEpoch, hasStopped } from '../plan/early-stopping.js';
import { TrainingPlan } from '../plan/training-plan.js';
import { JobDriveRepository, type JobRecord, type JobView } from '../repositories/job-drive.repository.js';
import { JobRepository } from '../repositories/job.repository.js';
import { checkFiles } from './file-check.js';
import { progressAfter } from './job-progress.js';
import { JobRows } from './job-rows.js';
import { type RequestContext, type SubmittedUnit, UnitRequests } from './unit-requests.js';

/** Units whose requests are in the log at a time: while one computes, the next ones wait for their turn. */
const UNITS_IN_LOG = 3;

/** What a run works with. */
export interface RunServices {
  readonly adapters: AdaptersService;
  readonly files: FilesService;
  readonly requests: UnitRequests;
  readonly jobs: JobRepository;
  readonly drive: JobDriveRepository;
}

/**
 * One process's work on a job, from wherever it is to its end, or until the job is paused, cancelled or taken over. It
 * keeps nothing that the job's row does not say: units that are recorded are done, and the requests of later ones are
 * sent (again).
 */
export class JobRun {
  private readonly plan: TrainingPlan;
  private readonly rows: JobRows;
  private readonly stopping = new AbortController();
  private readonly startedAt = Date.now();
  private readonly firstPosition: number;
  private progress: JobProgress;
  private view: JobView;

  constructor(
    readonly job: JobEntity,
    private readonly model: BaseModel,
    private readonly services: RunServices,
  ) {
    this.plan = new TrainingPlan(job.settings, job.seed);
    this.rows = new JobRows(job, model, services.files);
    this.progress = job.progress;
    this.firstPosition = job.progress.position;
    this.view = job;
  }

  /** Ends the run where it is: another one goes on from there. */
  stop(): void {
    this.stopping.abort();
  }

  get isStopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** @throws LeaseLostError */
  async renew(): Promise<void> {
    this.view = await this.services.drive.renew(this.job);
    if (this.view.owner !== this.job.owner) this.stop();
  }

  async run(): Promise<void> {
    if (!this.job.validated) await this.validate();
    if (!this.isDriven) return;
    await this.begin();
    await this.train();
    if (this.isComplete && this.view.status === 'running' && !this.isStopped) await this.finish();
  }

  private get isDriven(): boolean {
    return DRIVEN.includes(this.view.status);
  }

  /** Whether all units are recorded, or as many as early stopping leaves. */
  private get isComplete(): boolean {
    const { position, validLosses } = this.progress;
    return position >= this.plan.length || hasStopped(validLosses, this.job.settings.patience);
  }

  private get context(): RequestContext {
    return { job: this.job, plan: this.plan, rows: this.rows, signal: this.stopping.signal };
  }

  private async validate(): Promise<void> {
    await this.record({ events: [infoEvent(`Validating training file: ${this.job.trainingFile}`, 'validating')] });
    const findings = await checkFiles(this.job, this.rows, this.stopping.signal);
    if (findings === null) return;
    const { tokens, untrainedRows } = findings;
    const warning = {
      type: 'message',
      level: 'warn',
      key: 'untrained',
      message: `${untrainedRows} rows have no token to train on: their assistant's messages are cut off or have weight 0.`,
    } as const;
    await this.record({
      status: 'queued',
      from: ['validating_files'],
      columns: { validated: true },
      events: [
        ...(untrainedRows > 0 ? [warning] : []),
        infoEvent(`Files validated: ${this.rowsText()}, ${tokens} tokens. The job is queued.`, 'validated'),
      ],
    });
  }

  private async begin(): Promise<void> {
    const { modelId, baseModel, settings, seed } = this.job;
    const { adapters } = this.services;
    // Once it has trained, a missing adapter was deleted, and is not made anew.
    if (this.progress.position > 0) await adapters.get(modelId, 'model');
    else {
      const lora = { ...settings.lora, seed };
      await adapters.createOrGet({ modelId, baseModel, lora, ignoresStorageLimit: true });
    }
    const { epochs, batchSize, learningRate } = settings;
    const message =
      `Fine-tuning job started: ${this.plan.steps} steps in ${epochs} epochs, batches of ${batchSize}, ` +
      `learning rate ${learningRate.toPrecision(3)}.`;
    await this.record({ status: 'running', from: ['queued', 'running'], events: [infoEvent(message, 'started')] });
  }

  private async train(): Promise<void> {
    const { requests } = this.services;
    const { patience } = this.job.settings;
    const open: SubmittedUnit[] = [];
    let position = this.progress.position;
    while (this.mayGoOn(position)) {
      const unit = this.plan.unit(position++);
      open.push(await requests.submit(unit, this.context));
      const decides = patience !== null && unit.kind === 'checkpoint';
      await this.settle(open, decides ? 0 : UNITS_IN_LOG - 1);
    }
    // A paused job ends at a whole step.
    await this.settle(open, 0);
  }

  private mayGoOn(position: number): boolean {
    const isRunning = this.view.status === 'running' && !this.isStopped;
    return isRunning && position < this.plan.length && !this.isComplete;
  }

  /** Waits until no more than `most` units are open; a job that is cancelled or stopped leaves them. */
  private async settle(open: SubmittedUnit[], most: number): Promise<void> {
    while (open.length > most && this.view.status !== 'cancelled' && !this.isStopped) {
      const [first] = open.splice(0, 1);
      if (first) await this.recordUnit(first);
    }
  }

  private async recordUnit(submitted: SubmittedUnit): Promise<void> {
    const results = await this.services.requests.results(submitted, this.stopping.signal);
    if (results === null) return;
    const { job, progress, plan } = this;
    const { progress: next, events, checkpoint } = progressAfter(submitted.unit, results, { job, progress, plan });
    await this.record({ columns: { progress: next, estimatedFinish: this.estimate(next) }, events, checkpoint });
    this.progress = next;
  }

  /** At the pace of this run. */
  private estimate({ position }: JobProgress): Date {
    const done = position - this.firstPosition;
    const now = Date.now();
    return new Date(now + ((now - this.startedAt) / done) * (this.plan.length - position));
  }

  private async finish(): Promise<void> {
    const { job, services } = this;
    const { validLosses } = this.progress;
    const best = bestEpoch(validLosses);
    const restores = job.settings.keepBest && best > 0 && best < validLosses.length;
    if (restores) {
      const requestId = await services.requests.restore(best, this.context);
      const unit = this.plan.unit(this.plan.length - 1);
      if ((await services.requests.results({ unit, requestIds: [requestId] }, this.stopping.signal)) === null) return;
    }
    const resultFile = await this.storeMetrics();
    const choice = restores ? ` with the weights of epoch ${best}, which has the lowest validation loss` : '';
    await this.record({
      status: 'succeeded',
      from: ['running'],
      columns: { resultFile },
      events: [
        infoEvent(`New fine-tuned model created: ${job.modelId}${choice}`, 'created'),
        infoEvent('The job has successfully completed', 'completed'),
      ],
    });
  }

  private async storeMetrics(): Promise<string> {
    const { id, owner } = this.job;
    const content = metricsCsv(await this.services.jobs.findAllMetrics(id));
    const file = {
      owner,
      filename: `${id}-metrics.csv`,
      purpose: 'fine-tune-results',
      content: Readable.from([Buffer.from(content)]),
    } as const;
    return (await this.services.files.store(file)).id;
  }

  private async record(record: JobRecord): Promise<void> {
    this.view = await this.services.drive.record(this.job, record);
    if (this.view.owner !== this.job.owner) this.stop();
  }

  private rowsText(): string {
    const { trainingRows, heldOutRows, validationRows } = this.job.settings;
    const held = heldOutRows > 0 ? `, ${heldOutRows} rows held out` : '';
    return `${trainingRows} rows to train on${held}${validationRows > 0 ? `, ${validationRows} rows to validate with` : ''}`;
  }
}
