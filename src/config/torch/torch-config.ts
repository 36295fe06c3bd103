import { type CleanedEnv } from 'envalid';
import { type ENV_SCHEMA } from '../environment/env-schema.js';
import { TORCH_ENV_SCHEMA } from './torch-env-schema.js';

type Values = CleanedEnv<typeof ENV_SCHEMA>;
type Given = Readonly<Record<string, string | undefined>>;

/** Which backend, and what BACKEND=torch and BACKEND=megatron are configured with. */
export interface TorchConfig {
  readonly backend: Values['BACKEND'];
  /** 0: one for each GPU. */
  readonly ranks: number;
  /** Empty: the environment that setup makes. */
  readonly python: string;
  readonly dtype: Values['TORCH_DTYPE'];
  readonly quantization: Values['TORCH_QUANTIZATION'];
  readonly shard: boolean;
  /** 0: chosen by the ranks. */
  readonly passTokens: number;
  /** Null: the service starts the ranks itself. */
  readonly listen: {
    readonly host: string;
    readonly port: number;
    readonly token: string;
    readonly tls: { readonly certFile: string; readonly keyFile: string } | null;
  } | null;
  readonly silenceS: number;
  readonly callS: number;
  readonly tensor: number;
  readonly pipeline: number;
  readonly deterministic: boolean;
}

const MIN_TOKEN = 16;
/** What only the local backend reads. */
const LOCAL_ONLY = ['ENGINE', 'PACK_WEIGHTS', 'MEMORY_BUDGET_MB'] as const;

function backendOf(values: Values): Values['BACKEND'] {
  return values.USE_MEGATRON ? 'megatron' : values.BACKEND;
}

export function torchConfig(values: Values): TorchConfig {
  const { TORCH_LISTEN: listen, TORCH_TLS_CERT: certFile, TORCH_TLS_KEY: keyFile } = values;
  const split = listen.lastIndexOf(':');
  return Object.freeze({
    backend: backendOf(values),
    ranks: values.TORCH_RANKS,
    python: values.TORCH_PYTHON,
    dtype: values.TORCH_DTYPE,
    quantization: values.TORCH_QUANTIZATION,
    shard: values.TORCH_SHARD,
    passTokens: values.TORCH_PASS_TOKENS,
    listen:
      listen === ''
        ? null
        : Object.freeze({
            host: listen.slice(0, split).replace(/^\[|\]$/g, ''),
            port: Number(listen.slice(split + 1)),
            token: values.TORCH_TOKEN,
            tls: certFile === '' ? null : Object.freeze({ certFile, keyFile }),
          }),
    silenceS: values.TORCH_SILENCE_S,
    callS: values.TORCH_CALL_S,
    tensor: values.MEGATRON_TENSOR,
    pipeline: values.MEGATRON_PIPELINE,
    deterministic: values.DETERMINISTIC,
  });
}

/** Settings of the backend that contradict each other, each with what to do. */
export function torchProblems(given: Given, values: Values): string[] {
  const backend = backendOf(values);
  if (values.USE_MEGATRON && given['BACKEND'] !== undefined && values.BACKEND !== 'megatron') {
    return [`USE_MEGATRON=true contradicts BACKEND=${values.BACKEND}. Remove one of them.`];
  }
  if (backend === 'local') return [];
  const problems = backend === 'torch' ? hfProblems(values) : megatronProblems(values);
  if (values.DEVICE === 'webgpu')
    problems.push(`DEVICE=webgpu needs BACKEND=local; BACKEND=${backend} takes auto, cpu or cuda.`);
  if (values.TORCH_LISTEN !== '') problems.push(...listenProblems(values));
  return problems;
}

function hfProblems(values: Values): string[] {
  return (['MEGATRON_TENSOR', 'MEGATRON_PIPELINE'] as const)
    .filter((name) => values[name] > 1)
    .map(
      (name) => `${name}=${values[name]} needs BACKEND=megatron. With BACKEND=torch, TORCH_SHARD=true divides a model.`,
    );
}

function megatronProblems(values: Values): string[] {
  const { TORCH_RANKS: ranks, MEGATRON_TENSOR: tensor, MEGATRON_PIPELINE: pipeline } = values;
  const problems: string[] = [];
  if (values.TORCH_QUANTIZATION !== 'none') problems.push('TORCH_QUANTIZATION=nf4 needs BACKEND=torch.');
  if (values.TORCH_SHARD) {
    problems.push(
      'TORCH_SHARD=true needs BACKEND=torch. BACKEND=megatron divides by MEGATRON_TENSOR and MEGATRON_PIPELINE.',
    );
  }
  if (ranks % (tensor * pipeline) !== 0) {
    problems.push(
      `TORCH_RANKS=${ranks} must be a multiple of MEGATRON_TENSOR times MEGATRON_PIPELINE, which is ${tensor * pipeline}.`,
    );
  }
  return problems;
}

function listenProblems(values: Values): string[] {
  const problems: string[] = [];
  if (values.TORCH_RANKS === 0) problems.push('TORCH_LISTEN requires TORCH_RANKS: the number of ranks that you start.');
  if (values.TORCH_TOKEN.length < MIN_TOKEN) {
    problems.push(
      `TORCH_LISTEN requires a TORCH_TOKEN of at least ${MIN_TOKEN} characters; ranks present the same one.`,
    );
  }
  if ((values.TORCH_TLS_CERT === '') !== (values.TORCH_TLS_KEY === '')) {
    problems.push('TORCH_TLS_CERT and TORCH_TLS_KEY are set together, or neither.');
  }
  return problems;
}

/** Settings that have no effect, and a link that others can read. */
export function torchWarnings(given: Given, values: Values): string[] {
  const backend = backendOf(values);
  const givenOf = (names: readonly string[]) => names.filter((name) => given[name] !== undefined);
  const useless = (names: readonly string[], reason: string) =>
    givenOf(names).map((name) => `${name} has no effect ${reason}.`);
  if (backend === 'local') {
    const others = Object.keys(TORCH_ENV_SCHEMA).filter((name) => name !== 'BACKEND' && name !== 'USE_MEGATRON');
    return useless(others, 'with BACKEND=local');
  }
  const warnings = useless(LOCAL_ONLY, `with BACKEND=${backend}`);
  if (values.TORCH_LISTEN === '') {
    warnings.push(...useless(['TORCH_TOKEN', 'TORCH_TLS_CERT', 'TORCH_TLS_KEY'], 'without TORCH_LISTEN'));
    return warnings;
  }
  warnings.push(...useless(['TORCH_PYTHON'], 'with TORCH_LISTEN: you start the ranks'));
  if (values.TORCH_TLS_CERT === '' && !/^(127\.|localhost:|\[::1\])/.test(values.TORCH_LISTEN)) {
    warnings.push('TORCH_LISTEN is not encrypted: set TORCH_TLS_CERT and TORCH_TLS_KEY, or use a private network.');
  }
  return warnings;
}
