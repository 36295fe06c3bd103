import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { type DatumBatch } from '../../../domain/datum-batch.js';
import { type OperationData } from '../../../domain/operation-data.js';
import { LOGPROBS } from '../../../operations/payloads/forward-payload.js';
import { CheckpointsService } from '../../checkpoints/index.js';
import { type Accepted, FuturesService, QueueFullError, SeqIdReusedError } from '../../futures/index.js';
import { type TrainingOrder, TrainingService } from '../../training/index.js';
import { type TrainedSequence } from '../data/example-tokens.js';
import { meanBatch, plainBatch, preferenceBatch } from '../data/sequence-batches.js';
import { type JobEntity } from '../entities/job.entity.js';
import { TrainingPlan, type Unit } from '../plan/training-plan.js';
import { type JobRows } from './job-rows.js';

/** What the requests of a job depend on. */
export interface RequestContext {
  readonly job: JobEntity;
  readonly plan: TrainingPlan;
  readonly rows: JobRows;
  readonly signal: AbortSignal;
}

/** A unit whose requests are in the log. */
export interface SubmittedUnit {
  readonly unit: Unit;
  readonly requestIds: readonly string[];
}

/**
 * The requests of a job's units. They go the way of every client's requests, and each has a number that follows from the
 * plan: whoever sends one again gets the first one's future.
 */
@Injectable()
export class UnitRequests {
  constructor(
    private readonly training: TrainingService,
    private readonly checkpoints: CheckpointsService,
    private readonly futures: FuturesService,
  ) {}

  /** Waits while the owner has too many requests in the queue. */
  async submit(unit: Unit, context: RequestContext): Promise<SubmittedUnit> {
    switch (unit.kind) {
      case 'step':
        return this.submitStep(unit, context);
      case 'validation':
        return this.submitValidation(unit, context);
      case 'checkpoint':
        return this.submitCheckpoint(unit, context);
    }
  }

  /** Brings the weights of an epoch back; the last request of a job. */
  async restore(epoch: number, { job, plan, signal }: RequestContext): Promise<string> {
    const { modelId } = job;
    const [seqId] = TrainingPlan.seqIds({ position: plan.length });
    const path = { modelId, kind: 'sampler', name: checkpointName(epoch) } as const;
    const load = () => this.checkpoints.load({ modelId, path, field: 'checkpoint', optimizer: false, seqId });
    return (await whenThereIsRoom(load, signal)).requestId;
  }

  /** Null when the signal aborts before. @throws what a request failed with */
  async results({ requestIds }: SubmittedUnit, signal: AbortSignal): Promise<OperationData[] | null> {
    const results: OperationData[] = [];
    for (const requestId of requestIds) {
      const result = await this.futures.result(requestId, signal);
      if (result === null) return null;
      results.push(result);
    }
    return results;
  }

  private async submitStep(unit: Unit, context: RequestContext): Promise<SubmittedUnit> {
    const { job, plan, signal } = context;
    const { modelId, settings } = job;
    const [seqId, stepSeqId] = TrainingPlan.seqIds(unit);
    const order = { kind: 'forward_backward', modelId, seqId } as const;
    const sequences = await context.rows.sequences(unit.rows);
    const pass = await this.submitPass(order, sequences, context);
    const params = {
      learningRate: plan.learningRate(unit.step),
      beta1: settings.beta1,
      beta2: settings.beta2,
      eps: settings.epsilon,
      weightDecay: settings.weightDecay,
      gradClipNorm: settings.maxGradNorm,
    };
    const step = await whenThereIsRoom(() => this.training.optimStep({ modelId, seqId: stepSeqId, params }), signal);
    return { unit, requestIds: [pass.requestId, step.requestId] };
  }

  private async submitValidation(unit: Unit, context: RequestContext): Promise<SubmittedUnit> {
    const [seqId] = TrainingPlan.seqIds(unit);
    const sequences = await context.rows.sequences(unit.rows);
    const order = { kind: 'forward', modelId: context.job.modelId, seqId } as const;
    return { unit, requestIds: [(await this.submitPass(order, sequences, context)).requestId] };
  }

  private async submitCheckpoint(unit: Unit, { job, signal }: RequestContext): Promise<SubmittedUnit> {
    const [seqId] = TrainingPlan.seqIds(unit);
    const name = checkpointName(unit.epoch);
    const { modelId } = job;
    const order = { modelId, kind: 'sampler', name, ttlSeconds: null, seqId, ignoresStorageLimit: true } as const;
    return { unit, requestIds: [(await whenThereIsRoom(() => this.checkpoints.save(order), signal)).requestId] };
  }

  private async submitPass(
    order: Pick<TrainingOrder, 'kind' | 'modelId' | 'seqId'>,
    sequences: readonly TrainedSequence[],
    context: RequestContext,
  ): Promise<Accepted> {
    const { method, beta } = context.job.settings;
    if (method === 'supervised') {
      const batch = order.kind === 'forward' ? plainBatch(sequences) : meanBatch(sequences);
      return this.send({ ...order, loss: 'cross_entropy' }, batch, context.signal);
    }
    const batch = await this.comparedWithBase(sequences, context);
    const lossConfig = { beta, scale: 2 / sequences.length };
    const sent = this.send({ ...order, loss: 'pairwise_dpo', lossConfig }, batch, context.signal);
    return sent.catch((error: unknown) => firstOf(error, order.modelId));
  }

  /** With the log-probs of the base model, which an adapter begins as. */
  private async comparedWithBase(
    sequences: readonly TrainedSequence[],
    { job, signal }: RequestContext,
  ): Promise<DatumBatch> {
    const { baseModel } = job;
    const order = {
      kind: 'forward',
      modelId: baseModel,
      makes: { baseModel, lora: {} },
      loss: 'cross_entropy',
    } as const;
    const { requestId } = await this.send(order, plainBatch(sequences), signal);
    const result = await this.futures.result(requestId, signal);
    signal.throwIfAborted();
    const reference = result?.tensors[LOGPROBS];
    if (!(reference?.data instanceof Float32Array)) throw new TypeError('A stored forward result has no log-probs.');
    return preferenceBatch(sequences, { ...reference, data: reference.data });
  }

  private send(order: Omit<TrainingOrder, 'read'>, batch: DatumBatch, signal: AbortSignal): Promise<Accepted> {
    const whole: TrainingOrder = { ...order, read: () => ({ batch, logprobs: 'weighted' }) };
    return whenThereIsRoom(() => this.training.submit(whole), signal);
  }
}

export function checkpointName(epoch: number): string {
  return `epoch-${epoch}`;
}

/**
 * The request that has the number already. An engine whose results repeat up to rounding gives a repeat other log-probs to
 * compare with: then the bytes differ, and the request that was accepted stands.
 */
function firstOf(error: unknown, modelId: string): Accepted {
  if (error instanceof SeqIdReusedError) return { requestId: error.requestId, modelId };
  throw error;
}

/** A full queue empties by itself: a job waits, like any client that heeds Retry-After. */
async function whenThereIsRoom<T>(submit: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await submit();
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
      await setTimeout(1000 * (error.details.retry_after_s ?? 1), undefined, { signal });
    }
  }
}
