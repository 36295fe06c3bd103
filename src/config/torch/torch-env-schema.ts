import { bool, str } from 'envalid';
import { listenAddress, wholeNumber } from '../environment/env-validators.js';

export const BACKENDS = ['local', 'torch', 'megatron'] as const;
export const TORCH_DTYPES = ['auto', 'float32', 'bfloat16'] as const;
export const TORCH_QUANTIZATIONS = ['none', 'nf4'] as const;

/** The part of ENV_SCHEMA that chooses the backend and its ranks. */
export const TORCH_ENV_SCHEMA = {
  BACKEND: str({
    choices: BACKENDS,
    default: 'local',
    desc: 'What computes: local = this process, on ENGINE; torch = PyTorch ranks with Hugging Face models, on a CPU or one or more GPUs; megatron = the same with Megatron-Core, which divides layers over GPUs. The last two need `npm run setup:torch`.',
  }),
  USE_MEGATRON: bool({ default: false, desc: 'The same as BACKEND=megatron.' }),
  TORCH_RANKS: wholeNumber(
    0,
    4096,
  )({
    default: 0,
    desc: 'Ranks (processes) of BACKEND=torch or megatron. 0 = one for each GPU of this machine, or as few as can be without a GPU. With TORCH_LISTEN: the ranks of all hosts together, required.',
  }),
  TORCH_PYTHON: str({
    default: '',
    desc: 'Python interpreter of the ranks that the service starts. Empty = the environment that `npm run setup:torch` makes.',
    example: '/opt/torch/bin/python',
  }),
  TORCH_DTYPE: str({
    choices: TORCH_DTYPES,
    default: 'auto',
    desc: 'Number format of the base weights. auto = bfloat16 on a GPU, float32 on a CPU. Adapters are float32.',
  }),
  TORCH_QUANTIZATION: str({
    choices: TORCH_QUANTIZATIONS,
    default: 'none',
    desc: 'nf4 = hold the base weights in 4 bits (BACKEND=torch on a GPU, with bitsandbytes installed).',
  }),
  TORCH_SHARD: bool({
    default: false,
    desc: 'Divide the layers of the base model over the ranks of BACKEND=torch (FSDP2): for models that one GPU cannot hold. Otherwise every rank holds the whole model.',
  }),
  TORCH_PASS_TOKENS: wholeNumber(
    0,
    16_777_216,
  )({
    default: 0,
    desc: 'Maximum tokens that the ranks compute at once in training; larger batches are split. 0 = chosen by the memory of the device.',
  }),
  TORCH_LISTEN: listenAddress({
    default: '',
    desc: 'Address on which the service waits for ranks that you start yourself, on one or more hosts (docs/distributed.md). Empty = the service starts its ranks itself, on this machine.',
    example: '10.0.0.5:8100',
  }),
  TORCH_TOKEN: str({ default: '', desc: 'Secret of at least 16 characters that ranks must present at TORCH_LISTEN.' }),
  TORCH_TLS_CERT: str({
    default: '',
    desc: 'Certificate (PEM file) to encrypt TORCH_LISTEN with; needs TORCH_TLS_KEY.',
  }),
  TORCH_TLS_KEY: str({ default: '', desc: 'Private key (PEM file) of TORCH_TLS_CERT.' }),
  TORCH_SILENCE_S: wholeNumber(
    2,
    3600,
  )({
    default: 20,
    desc: 'Seconds without a heartbeat before a rank is considered dead. All ranks are then replaced, and adapters restored.',
  }),
  TORCH_CALL_S: wholeNumber(
    10,
    86_400,
  )({
    default: 600,
    desc: 'Seconds that the ranks may take for one call (a part of a batch, an optimiser step); after that they are replaced.',
  }),
  MEGATRON_TENSOR: wholeNumber(1, 1024)({ default: 1, desc: 'Ranks of BACKEND=megatron that share each layer.' }),
  MEGATRON_PIPELINE: wholeNumber(
    1,
    1024,
  )({ default: 1, desc: 'Ranks of BACKEND=megatron that share the stack of layers.' }),
  DETERMINISTIC: bool({
    default: false,
    desc: 'Use deterministic algorithms on a GPU, where torch has them, with BACKEND=torch or megatron; slower.',
  }),
} as const;
