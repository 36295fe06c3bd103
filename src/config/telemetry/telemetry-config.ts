import { type CleanedEnv } from 'envalid';
import { type ENV_SCHEMA } from '../env-schema.js';

type Values = CleanedEnv<typeof ENV_SCHEMA>;

/** What the service tells its operator: metrics and logs. */
export interface TelemetryConfig {
  /** Empty: none. */
  readonly metricsKey: string;
  /** Keys with metrics of their own. */
  readonly metricsMaxKeys: number;
  readonly logFormat: Values['LOG_FORMAT'];
  readonly logLevel: Values['LOG_LEVEL'];
}

export function telemetryConfig(values: Values): TelemetryConfig {
  return Object.freeze({
    metricsKey: values.METRICS_KEY,
    metricsMaxKeys: values.METRICS_MAX_KEYS,
    logFormat: values.LOG_FORMAT,
    logLevel: values.LOG_LEVEL,
  });
}
