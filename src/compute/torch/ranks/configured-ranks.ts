import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type AppConfig } from '../../../config/app-config.js';
import { ConfigError } from '../../../config/config.error.js';
import { packageFolder } from '../../../common/package-folder.js';
import { countGpus } from './count-gpus.js';
import { type RankSource, type TorchSettings } from '../torch-settings.js';

/** What the configuration says of the ranks, of any generation. @throws ConfigError, RanksUnavailableError */
export async function configuredRanks(config: AppConfig): Promise<Omit<TorchSettings, 'generation'>> {
  const { torch, backend, device, batching } = config;
  const source = await sourceOf(config);
  return {
    source,
    deadlines: { silenceMs: torch.silenceS * 1000, callMs: torch.callS * 1000 },
    rank: {
      engine: backend === 'megatron' ? 'megatron' : 'hf',
      device: device === 'webgpu' ? 'auto' : device,
      dtype: torch.dtype,
      quantization: torch.quantization,
      batching,
      deterministic: torch.deterministic,
      threads: threadsOf(config, source),
      passTokens: torch.passTokens === 0 ? null : torch.passTokens,
      tensor: torch.tensor,
      pipeline: torch.pipeline,
      shard: torch.shard,
    },
    passTokenLimit: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
  };
}

async function sourceOf({ torch, backend, device }: AppConfig): Promise<RankSource> {
  if (torch.listen) return { kind: 'listen', ranks: torch.ranks, ...torch.listen };
  const python = torch.python === '' ? join(packageFolder(), '.venv-torch', 'bin', 'python') : torch.python;
  const setup = `npm run setup:torch${backend === 'megatron' ? ' -- --megatron' : ''}`;
  const remedy = `Run \`${setup}\`, or set TORCH_PYTHON to an interpreter that has the packages of workers/torch.`;
  // A name without a folder is looked for on the PATH.
  if (python.includes('/') && !existsSync(python)) {
    throw new ConfigError([`BACKEND=${backend} needs Python with torch, and there is no ${python}. ${remedy}`]);
  }
  const gpus = torch.ranks === 0 && device !== 'cpu' ? await countGpus(python, remedy) : 0;
  const ranks = torch.ranks === 0 ? Math.max(gpus, torch.tensor * torch.pipeline) : torch.ranks;
  return { kind: 'local', ranks, python, program: join(packageFolder(), 'workers', 'torch') };
}

/** Ranks of this machine share its cores; what others have is not known here. */
function threadsOf({ engineThreads }: AppConfig, source: RankSource): number | null {
  if (engineThreads > 0) return engineThreads;
  return source.kind === 'local' ? Math.max(1, Math.floor(availableParallelism() / source.ranks)) : null;
}
