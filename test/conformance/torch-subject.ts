import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HfChatTokenizer } from '../../src/base-models/tokenizers/hf-chat-tokenizer.js';
import { parseHfConfig } from '../../src/base-models/model-config/hf-config.js';
import { type openEngineThread as OpenEngineThread } from '../../src/compute/remote/open-engine-thread.js';
import { RemoteBackend } from '../../src/compute/remote/remote-backend.js';
import { type ThreadSettings } from '../../src/compute/remote/thread-settings.js';
import { type TorchSettings } from '../../src/compute/torch/torch-settings.js';
import { LocalCheckpointStore } from '../../src/storage/local/local-checkpoint-store.js';
import { CPU_RANK } from '../../scripts/lib/cpu-rank.mjs';
import { TORCH_PROGRAM, TORCH_PYTHON, torchUnavailable } from '../support/engines/torch-environment.js';
import { MAX_DATUM, type Subject } from './conformance-subject.js';

/** The engine's thread runs compiled JavaScript, so these providers are tried as they were built (npm run build). */
const built = fileURLToPath(new URL('../../dist/src/compute/remote/open-engine-thread.js', import.meta.url));
const folder = fileURLToPath(new URL('../../models/tiny-chat', import.meta.url));
export const MODEL = 'tiny-chat';
const config = parseHfConfig(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')), MODEL);

interface BuiltModule {
  readonly openEngineThread: typeof OpenEngineThread;
}

export interface TorchOptions {
  readonly engine?: TorchSettings['rank']['engine'];
  readonly ranks?: number;
  readonly rank?: Partial<TorchSettings['rank']>;
  readonly deadlines?: Partial<TorchSettings['deadlines']>;
}

/** Why such ranks cannot be tried here; null when they can. */
export function torchMissing(engine: TorchSettings['rank']['engine']): string | null {
  if (!existsSync(built)) return 'dist is missing, run npm run build';
  return torchUnavailable(engine === 'hf' ? ['torch', 'transformers'] : ['torch', 'transformers', 'megatron.core']);
}

/** A backend in its thread, over ranks on the CPU that it starts itself. */
export async function newTorchBackend(
  cacheFolder: string,
  { engine = 'hf', ranks = 1, rank, deadlines }: TorchOptions = {},
): Promise<RemoteBackend> {
  const { openEngineThread } = (await import(built)) as BuiltModule;
  let generation = 0;
  const passTokenLimit = new SharedArrayBuffer(4);
  const torch = (): TorchSettings => ({
    source: { kind: 'local', ranks, python: TORCH_PYTHON, program: TORCH_PROGRAM },
    deadlines: { silenceMs: 30_000, callMs: 120_000, ...deadlines },
    rank: { ...CPU_RANK, engine, ...rank },
    generation: ++generation,
    passTokenLimit,
  });
  const settings: Omit<ThreadSettings, 'engine'> = {
    lossPlugins: [],
    samplerWeightBytes: 2 ** 20,
    sequenceBytes: 2 ** 24,
    prefixCacheBytes: 2 ** 22,
    checkpoints: { kind: 'local', folder: join(cacheFolder, 'checkpoints'), fullFlag: '' },
    models: [{ name: MODEL, folder, config }],
    logLevel: 'warn',
    logFormat: 'text',
  };
  return new RemoteBackend(() => openEngineThread({ ...settings, engine: { kind: 'torch', torch: torch() } }));
}

export async function openTorch(options: TorchOptions): Promise<Subject> {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'thinker-torch-'));
  const tokenizer = await HfChatTokenizer.load(folder, MODEL);
  const start = async (rank: Partial<TorchSettings['rank']>) => {
    const backend = await newTorchBackend(cacheFolder, { ...options, rank: { ...options.rank, ...rank } });
    await backend.start();
    return backend;
  };
  const backend = await start({});
  return {
    backend,
    checkpoints: new LocalCheckpointStore(join(cacheFolder, 'checkpoints')),
    sentBytes: () => backend.traffic.sentBytes,
    baseModel: MODEL,
    openSmall: () => start({ passTokens: MAX_DATUM }),
    textOf: (tokens) => tokenizer.decode(tokens),
    async close() {
      await backend.stop();
      await rm(cacheFolder, { recursive: true });
    },
  };
}
