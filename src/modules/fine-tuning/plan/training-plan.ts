import { RandomStream } from '../../../compute/numerics/random.js';
import { type Seed } from '../../../domain/seed.js';
import { learningRateAt } from './learning-rate.js';
import { type TrainingSettings } from './training-settings.js';

/**
 * A part of a job. Its position in the plan is all that a driver has to remember, and the numbers of its requests follow
 * from it: so whoever takes a job over repeats the same requests, and finds those that were accepted before.
 */
export interface Unit {
  readonly kind: 'step' | 'validation' | 'checkpoint';
  readonly position: number;
  /** From 1. */
  readonly epoch: number;
  /** Optimiser steps before a step, or up to a validation or checkpoint. */
  readonly step: number;
  readonly rows: RowSet;
}

/** Rows of one of the two files. */
export interface RowSet {
  readonly file: 'training' | 'validation';
  readonly rows: readonly number[];
}

const NO_ROWS: RowSet = { file: 'training', rows: [] };

/**
 * What a job does, from its first step to its last: a function of its settings and its seed, and of nothing else. An epoch
 * is a step for every batch of the shuffled rows, then a validation for every batch of the held-out ones, and a checkpoint.
 */
export class TrainingPlan {
  readonly stepsPerEpoch: number;
  readonly steps: number;
  private readonly validationsPerEpoch: number;
  private readonly heldOut: Int32Array;
  private readonly rows: Int32Array;
  /** The order of the epoch that was asked for last. */
  private shuffled: { readonly epoch: number; readonly rows: Int32Array } | null = null;

  constructor(
    private readonly settings: TrainingSettings,
    private readonly seed: Seed,
  ) {
    const { trainingRows, heldOutRows, validationRows, batchSize, epochs } = settings;
    const all = Int32Array.from({ length: trainingRows + heldOutRows }, (_, i) => i);
    if (heldOutRows > 0) shuffle(all, new RandomStream(seed, 'fine_tuning/split'));
    this.rows = all.slice(heldOutRows).sort();
    this.heldOut =
      validationRows > 0 ? Int32Array.from({ length: validationRows }, (_, i) => i) : all.slice(0, heldOutRows).sort();
    this.stepsPerEpoch = Math.ceil(trainingRows / batchSize);
    this.validationsPerEpoch = Math.ceil(this.heldOut.length / batchSize);
    this.steps = epochs * this.stepsPerEpoch;
  }

  get hasValidation(): boolean {
    return this.validationsPerEpoch > 0;
  }

  /** How many units there are. */
  get length(): number {
    return this.settings.epochs * this.unitsPerEpoch;
  }

  unit(position: number): Unit {
    const { stepsPerEpoch } = this;
    const epoch = Math.floor(position / this.unitsPerEpoch) + 1;
    const indexInEpoch = position % this.unitsPerEpoch;
    if (indexInEpoch < stepsPerEpoch) {
      const rows = this.batch(this.orderOf(epoch), indexInEpoch);
      return {
        kind: 'step',
        position,
        epoch,
        step: (epoch - 1) * stepsPerEpoch + indexInEpoch,
        rows: { file: 'training', rows },
      };
    }
    const after = { position, epoch, step: epoch * stepsPerEpoch };
    if (indexInEpoch === this.unitsPerEpoch - 1) return { ...after, kind: 'checkpoint', rows: NO_ROWS };
    const file = this.settings.validationRows > 0 ? 'validation' : 'training';
    return {
      ...after,
      kind: 'validation',
      rows: { file, rows: this.batch(this.heldOut, indexInEpoch - stepsPerEpoch) },
    };
  }

  learningRate(step: number): number {
    return learningRateAt(step, this.steps, this.settings);
  }

  /** Numbers of a unit's requests to the job's adapter: two at most. */
  static seqIds({ position }: Pick<Unit, 'position'>): readonly [number, number] {
    return [2 * position + 1, 2 * position + 2];
  }

  private get unitsPerEpoch(): number {
    return this.stepsPerEpoch + this.validationsPerEpoch + 1;
  }

  private batch(rows: Int32Array, i: number): number[] {
    const { batchSize } = this.settings;
    return Array.from(rows.subarray(i * batchSize, (i + 1) * batchSize));
  }

  private orderOf(epoch: number): Int32Array {
    if (this.shuffled?.epoch !== epoch) {
      const rows = this.rows.slice();
      shuffle(rows, new RandomStream(this.seed, `fine_tuning/epoch/${epoch}`));
      this.shuffled = { epoch, rows };
    }
    return this.shuffled.rows;
  }
}

/** Fisher and Yates. */
function shuffle(rows: Int32Array, random: RandomStream): void {
  for (let i = rows.length - 1; i > 0; i--) {
    const k = Math.floor(random.uniform(i) * (i + 1));
    const [first = 0, second = 0] = [rows[i], rows[k]];
    rows[i] = second;
    rows[k] = first;
  }
}
