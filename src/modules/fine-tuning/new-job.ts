import { type Method, type WantedSettings } from './plan/training-settings.js';

/** A job to start, as its reader fills it from a request. */
export interface NewJob {
  readonly model: string;
  readonly trainingFile: string;
  readonly validationFile: string | null;
  readonly method: Method;
  readonly settings: WantedSettings;
  /** What the client calls the hyper-parameters, for errors. */
  readonly field: string;
  readonly suffix: string | null;
  /** Null: one is made. */
  readonly seed: number | null;
  readonly metadata: Readonly<Record<string, string>> | null;
}
