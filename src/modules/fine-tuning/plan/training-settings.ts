import { type WantedLora } from '../../adapters/index.js';

export const METHODS = ['supervised', 'dpo'] as const;
export type Method = (typeof METHODS)[number];

export const SCHEDULES = ['constant', 'linear', 'cosine'] as const;
export type Schedule = (typeof SCHEDULES)[number];

/** What is left to the rules of auto-settings.ts. */
export type Auto<T> = T | 'auto';

/** Hyper-parameters as a request has them, read and checked; what is left out gets its default. */
export interface WantedSettings {
  readonly epochs: Auto<number>;
  readonly batchSize: Auto<number>;
  readonly learningRateMultiplier: Auto<number>;
  /** Replaces the rule's rate and its multiplier. */
  readonly learningRate?: number;
  readonly schedule: Schedule;
  /** Steps, or below 1 a share of all steps. */
  readonly warmup: number;
  readonly weightDecay?: number;
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly maxGradNorm?: number;
  readonly lora: Pick<WantedLora, 'rank' | 'alpha' | 'dropout' | 'targetModules'>;
  /** Share of the training file's rows that is held out. */
  readonly validationSplit?: number;
  /** Epochs without a lower validation loss after which training ends. */
  readonly patience?: number;
  /** Whether the model gets the weights of the epoch with the lowest validation loss. */
  readonly keepBest?: boolean;
  /** Cuts rows that exceed the context, instead of refusing them. */
  readonly truncate: boolean;
  /** Of DPO. */
  readonly beta: Auto<number>;
}

/** How a job trains, every number of it: with the files and the seed this determines each step. */
export interface TrainingSettings {
  readonly method: Method;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRateMultiplier: number;
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly warmupSteps: number;
  readonly weightDecay: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly maxGradNorm: number;
  readonly lora: WantedLora;
  readonly patience: number | null;
  readonly keepBest: boolean;
  readonly truncate: boolean;
  readonly beta: number;
  /** Rows that are trained on in each epoch. */
  readonly trainingRows: number;
  /** Rows that are held out of the training file. */
  readonly heldOutRows: number;
  /** Rows of the validation file. */
  readonly validationRows: number;
}
