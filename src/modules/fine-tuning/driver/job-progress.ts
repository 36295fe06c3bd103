import { type OperationData } from '../../../domain/operation-data.js';
import { decodeMetrics, decodeSavedPath } from '../../../operations/payloads/training-results.js';
import { type JobEntity, type JobProgress, type MetricSums } from '../entities/job.entity.js';
import { type NewJobEvent } from '../job-event.js';
import { type TrainingPlan, type Unit } from '../plan/training-plan.js';
import { type JobRecord } from '../repositories/job-drive.repository.js';

const NO_SUMS: MetricSums = { weight: 0, sums: {} };

export const NO_PROGRESS: JobProgress = {
  position: 0,
  step: 0,
  trainedTokens: 0,
  train: NO_SUMS,
  valid: NO_SUMS,
  validLosses: [],
};

/** Metrics of the loss `pairwise_dpo` that are shown, under TRL's names. */
const DPO_METRICS = ['rewards/chosen', 'rewards/rejected', 'rewards/accuracies', 'rewards/margins'];

/** What there is to record of a unit that is done. */
export type UnitRecord = Pick<JobRecord, 'events' | 'checkpoint'> & { readonly progress: JobProgress };

/** A pass's loss and metrics as means, and what they count among others. */
interface PassMetrics {
  readonly weight: number;
  readonly tokens: number;
  readonly values: Readonly<Record<string, number>>;
}

/** What a unit's results add to a job's progress. Plain arithmetic: nothing is read or written here. */
export function progressAfter(
  unit: Unit,
  results: readonly OperationData[],
  { job, progress, plan }: { job: JobEntity; progress: JobProgress; plan: TrainingPlan },
): UnitRecord {
  const next = { ...progress, position: unit.position + 1 };
  switch (unit.kind) {
    case 'step': {
      const [forward, optimizer] = both(results);
      const pass = readPass(forward);
      const event = stepEvent(unit, pass, optimizer, plan);
      const trainedTokens = progress.trainedTokens + pass.tokens;
      const train = addTo(progress.train, pass);
      return { progress: { ...next, step: unit.step + 1, trainedTokens, train }, events: [event] };
    }
    case 'validation':
      return { progress: { ...next, valid: addTo(progress.valid, readPass(one(results))) } };
    case 'checkpoint':
      return afterEpoch(unit, one(results), next, { job, plan });
  }
}

/** The result of a unit that is one request. */
function one([result]: readonly OperationData[]): OperationData {
  if (result) return result;
  throw new TypeError('A unit of a job has no result.');
}

/** Those of a step: the pass, and the optimiser's. */
function both(results: readonly OperationData[]): [OperationData, OperationData] {
  return [one(results), one(results.slice(1))];
}

function stepEvent(unit: Unit, pass: PassMetrics, step: OperationData, plan: TrainingPlan): NewJobEvent {
  const number = unit.step + 1;
  const optimizer = decodeMetrics(step);
  const { loss, ...others } = pass.values;
  const data = {
    kind: 'step',
    step: number,
    total_steps: plan.steps,
    epoch: unit.epoch,
    train_loss: loss,
    ...others,
    learning_rate: plan.learningRate(unit.step),
    grad_norm: optimizer['grad_norm'],
    tokens: pass.tokens,
  };
  const message = `Step ${number}/${plan.steps}: training loss=${loss?.toFixed(4) ?? 'none'}`;
  return { type: 'metrics', level: 'info', key: `step:${number}`, message, data };
}

function afterEpoch(
  unit: Unit,
  saved: OperationData,
  next: JobProgress,
  { job, plan }: { job: JobEntity; plan: TrainingPlan },
): UnitRecord {
  const train = meansOf(next.train);
  const valid = meansOf(next.valid);
  const losses = {
    ...(train['loss'] === undefined ? {} : { train_loss: train['loss'] }),
    ...(valid['loss'] === undefined ? {} : { valid_loss: valid['loss'], full_valid_loss: valid['loss'] }),
  };
  const compared = Object.entries(valid).filter(([name]) => DPO_METRICS.includes(name));
  const others = Object.fromEntries(compared.map(([name, value]) => [`valid_${name}`, value]));
  const path = decodeSavedPath(saved);
  const data = { kind: 'epoch', step: unit.step, total_steps: plan.steps, epoch: unit.epoch, ...losses, ...others };
  const shown = Object.entries(losses).map(([name, value]) => `${name.replaceAll('_', ' ')}=${value.toFixed(4)}`);
  const message = `Epoch ${unit.epoch}/${job.settings.epochs}: ${shown.slice(0, 2).join(', ')}`;
  return {
    progress: {
      ...next,
      train: NO_SUMS,
      valid: NO_SUMS,
      validLosses: valid['loss'] === undefined ? next.validLosses : [...next.validLosses, valid['loss']],
    },
    events: [
      { type: 'metrics', level: 'info', key: `epoch:${unit.epoch}`, message, data },
      {
        type: 'message',
        level: 'info',
        key: `checkpoint:${unit.epoch}`,
        message: `Checkpoint created at step ${unit.step}: ${path}`,
      },
    ],
    checkpoint: { epoch: unit.epoch, step: unit.step, path, metrics: { step: unit.step, ...losses, ...others } },
  };
}

/** A supervised loss is a mean over tokens, and one of preferences a mean over pairs. */
function readPass(result: OperationData): PassMetrics {
  const metrics = decodeMetrics(result);
  const tokens = metrics['num_tokens'] ?? 0;
  const pairs = metrics['num_pairs'];
  if (pairs === undefined) {
    const loss = metrics['mean_nll'];
    return { weight: metrics['num_weighted_tokens'] ?? 0, tokens, values: loss === undefined ? {} : { loss } };
  }
  const compared = Object.entries(metrics).filter(([name]) => DPO_METRICS.includes(name));
  return { weight: pairs, tokens, values: { loss: metrics['loss:sum'] ?? 0, ...Object.fromEntries(compared) } };
}

function addTo({ weight, sums }: MetricSums, pass: PassMetrics): MetricSums {
  const added = Object.entries(pass.values).map(([name, value]): [string, number] => {
    return [name, (sums[name] ?? 0) + value * pass.weight];
  });
  return { weight: weight + pass.weight, sums: { ...sums, ...Object.fromEntries(added) } };
}

function meansOf({ weight, sums }: MetricSums): Readonly<Record<string, number>> {
  if (weight === 0) return {};
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / weight]));
}
