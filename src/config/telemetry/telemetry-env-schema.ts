import { bool, str } from 'envalid';
import { wholeNumber } from '../environment/env-validators.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'] as const;

export const LOG_FORMATS = ['text', 'json'] as const;

/** What the service tells its operator: metrics and logs. */
export const TELEMETRY_ENV_SCHEMA = {
  METRICS_KEY: str({
    default: '',
    desc: 'Key that opens GET /metrics and nothing else, for Prometheus (docs/operations.md). ADMIN_KEYS open it as well. Empty = none.',
  }),
  METRICS_MAX_KEYS: wholeNumber(
    0,
    10_000,
  )({
    default: 50,
    desc: 'Maximum API keys with metrics of their own: the first ones that a worker runs operations of. All further keys are counted together.',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: str({
    default: '',
    desc: 'Address of an OpenTelemetry collector, such as http://127.0.0.1:4318: traces of requests are sent to it by OTLP over HTTP (docs/operations.md). Empty = no traces. The other variables of OpenTelemetry that concern traces are obeyed as well.',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: str({
    default: '',
    desc: 'Whole address for traces, instead of OTEL_EXPORTER_OTLP_ENDPOINT with /v1/traces.',
  }),
  OTEL_SERVICE_NAME: str({ default: 'thinker', desc: 'The name of this service in traces.' }),
  OTEL_SDK_DISABLED: bool({ default: false, desc: 'true = no traces, whatever else is set.' }),
  LOG_FORMAT: str({
    choices: LOG_FORMATS,
    default: 'text',
    desc: 'text = lines for people; json = one JSON object per line, with the ids of request, operation and owner where they are known.',
  }),
  LOG_LEVEL: str({ choices: LOG_LEVELS, default: 'log', desc: 'Least severe level to log.' }),
} as const;
