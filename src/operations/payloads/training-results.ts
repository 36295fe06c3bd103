import { type OperationData } from '../../domain/operation-data.js';

/* What the results of training operations say, for whoever reads them in this service. Fields are those of the log. */

/** Metrics of a pass or of an optimiser step. @throws TypeError for the result of another operation */
export function decodeMetrics({ json }: OperationData): Readonly<Record<string, number>> {
  const { metrics } = json;
  if (isMetrics(metrics)) return metrics;
  throw new TypeError('A stored result has no metrics.');
}

/** Path of a checkpoint that was saved under a name. @throws TypeError for the result of another operation */
export function decodeSavedPath({ json }: OperationData): string {
  const { path } = json;
  if (typeof path === 'string') return path;
  throw new TypeError('A stored result has no path of a checkpoint.');
}

function isMetrics(value: unknown): value is Readonly<Record<string, number>> {
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).every((metric) => typeof metric === 'number');
}
