import { type CleanedEnv } from 'envalid';
import { type ENV_SCHEMA } from '../environment/env-schema.js';

type Values = CleanedEnv<typeof ENV_SCHEMA>;

/** What the service tells its operator: metrics and logs. */
export interface TelemetryConfig {
  /** Empty: none. */
  readonly metricsKey: string;
  /** Keys with metrics of their own. */
  readonly metricsMaxKeys: number;
  /** The name of the service in traces; null = they are off. */
  readonly tracedAs: string | null;
  readonly logFormat: Values['LOG_FORMAT'];
  readonly logLevel: Values['LOG_LEVEL'];
}

export function telemetryConfig(values: Values): TelemetryConfig {
  return Object.freeze({
    metricsKey: values.METRICS_KEY,
    metricsMaxKeys: values.METRICS_MAX_KEYS,
    tracedAs: isTraced(values) ? values.OTEL_SERVICE_NAME : null,
    logFormat: values.LOG_FORMAT,
    logLevel: values.LOG_LEVEL,
  });
}

function isTraced(values: Values): boolean {
  const endpoint = values.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT + values.OTEL_EXPORTER_OTLP_ENDPOINT;
  return endpoint !== '' && !values.OTEL_SDK_DISABLED;
}
