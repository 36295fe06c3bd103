import { Injectable } from '@nestjs/common';
import { decodeJsonPart } from '../../formats/operation-data.codec.js';
import { OperationLogRepository } from '../futures/index.js';
import { AdaptersService } from '../adapters/index.js';
import { toChange } from './change-rows.js';
import { currentTimeline } from './timeline.js';
import { mergePasses, type Metrics, thinOut, trainingSteps, type TrainingStep } from './training-series.js';

/** Which steps of an adapter are wanted, ends included. */
export interface SeriesRange {
  readonly fromStep: number;
  readonly toStep: number;
  /** At most this many points. */
  readonly points: number;
}

export interface SeriesPoint {
  readonly step: number;
  readonly finishedAt: Date;
  readonly metrics: Metrics;
}

export interface TrainingSeries {
  readonly points: readonly SeriesPoint[];
  /** Steps within the range. */
  readonly steps: number;
  /** Every how many of them there is a point. */
  readonly every: number;
  /** The loss of the newest pass in the points. */
  readonly lossName: string | null;
}

interface Result {
  readonly metrics: Metrics;
  readonly lossName: string | null;
  readonly finishedAt: Date;
}

/** The curves of an adapter's training: what its passes and steps have measured, without those that a rewind undid. */
@Injectable()
export class TrainingSeriesService {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly log: OperationLogRepository,
  ) {}

  async read(modelId: string, { fromStep, toStep, points }: SeriesRange): Promise<TrainingSeries> {
    const { id } = await this.adapters.get(modelId);
    const timeline = currentTimeline((await this.log.findChanges(id)).map(toChange));
    const steps = trainingSteps(timeline).filter(({ step }) => step >= fromStep && step <= toStep);
    const { kept, every } = thinOut(steps, points);
    const results = await this.readResults(id, kept);
    const passes = kept.flatMap((step) => step.passes);
    return {
      points: kept.flatMap((step) => toPoint(step, results)),
      steps: steps.length,
      every,
      lossName: results.get(passes.at(-1) ?? 0)?.lossName ?? null,
    };
  }

  private async readResults(adapterId: string, steps: readonly TrainingStep[]): Promise<Map<number, Result>> {
    const positions = steps.flatMap(({ position, passes }) => [...passes, position]);
    const rows = await this.log.findResultHeads(adapterId, positions);
    return new Map(
      rows.map(({ position, result, finished_at: finishedAt }) => {
        const json = result === null ? null : decodeJsonPart(result);
        const lossName = json?.['loss_fn'];
        const metrics = numbers({ ...(json?.['metrics'] as object | undefined), loss: json?.['loss'] });
        return [Number(position), { metrics, finishedAt, lossName: typeof lossName === 'string' ? lossName : null }];
      }),
    );
  }
}

function toPoint({ step, position, passes }: TrainingStep, results: ReadonlyMap<number, Result>): SeriesPoint[] {
  const own = results.get(position);
  if (own === undefined) return [];
  const { step: _, ...ofStep } = own.metrics;
  const ofPasses = mergePasses(passes.map((pass) => results.get(pass)?.metrics ?? {}));
  return [{ step, finishedAt: own.finishedAt, metrics: { ...ofPasses, ...ofStep } }];
}

function numbers(values: object): Metrics {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}
