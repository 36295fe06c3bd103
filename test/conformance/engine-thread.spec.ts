import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HfChatTokenizer } from '../../src/base-models/tokenizers/hf-chat-tokenizer.js';
import { parseHfConfig } from '../../src/base-models/model-config/hf-config.js';
import { type LocalSettings } from '../../src/compute/local/local-settings.js';
import { type openEngineThread as OpenEngineThread } from '../../src/compute/remote/open-engine-thread.js';
import { RemoteBackend } from '../../src/compute/remote/remote-backend.js';
import { type ThreadSettings } from '../../src/compute/remote/thread-settings.js';
import { LocalCheckpointStore } from '../../src/storage/local/local-checkpoint-store.js';
import { describeConformance } from './compute-backend.cases.js';
import { adapter, base, DATUMS, LORA, requestOf, SAMPLING, type Subject } from './conformance-subject.js';
import { smallBudget } from './host-backend-subject.js';

/** The engine's thread runs compiled JavaScript, so this provider is tried as it was built (npm run build). */
const built = fileURLToPath(new URL('../../dist/src/compute/remote/open-engine-thread.js', import.meta.url));
const folder = fileURLToPath(new URL('../../models/tiny-chat', import.meta.url));
const name = 'tiny-chat';
const config = parseHfConfig(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')), name);

interface BuiltModule {
  readonly openEngineThread: typeof OpenEngineThread;
}

interface Options {
  readonly cacheFolder: string;
  readonly local?: Partial<LocalSettings>;
  readonly thread?: Partial<ThreadSettings>;
}

async function newBackend({ cacheFolder, local, thread }: Options): Promise<RemoteBackend> {
  const { openEngineThread } = (await import(built)) as BuiltModule;
  const localSettings: LocalSettings = {
    engine: 'onnxruntime',
    device: 'cpu',
    threads: 1,
    packWeights: true,
    batching: 'exact',
    memoryBudgetBytes: 2 ** 30,
    cacheFolder,
    ...local,
  };
  const whole: ThreadSettings = {
    engine: { kind: 'local', local: localSettings },
    lossPlugins: [],
    samplerWeightBytes: 2 ** 20,
    sequenceBytes: 2 ** 24,
    prefixCacheBytes: 2 ** 22,
    checkpoints: { kind: 'local', folder: join(cacheFolder, 'checkpoints'), fullFlag: '' },
    models: [{ name, folder, config }],
    logLevel: 'log',
    logFormat: 'text',
    ...thread,
  };
  return new RemoteBackend(() => openEngineThread(whole));
}

async function open(): Promise<Subject> {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'thinker-threaded-'));
  const tokenizer = await HfChatTokenizer.load(folder, name);
  const start = async (local: Partial<LocalSettings>) => {
    const backend = await newBackend({ cacheFolder, local });
    await backend.start();
    return backend;
  };
  const backend = await start({});
  return {
    backend,
    checkpoints: new LocalCheckpointStore(join(cacheFolder, 'checkpoints')),
    sentBytes: () => backend.traffic.sentBytes,
    baseModel: name,
    openSmall: () => start({ memoryBudgetBytes: smallBudget(config) }),
    textOf: (tokens) => tokenizer.decode(tokens),
    async close() {
      await backend.stop();
      await rm(cacheFolder, { recursive: true });
    },
  };
}

const unavailable = existsSync(built) ? null : 'dist is missing, run npm run build';
describeConformance({ name: 'the engine in its thread', unavailable, open });

describe.skipIf(unavailable)(`the thread of the engine${unavailable ? ` (${unavailable})` : ''}`, () => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await open();
  });
  afterAll(() => subject.close());

  it('brings errors over with code, category, status and details', async () => {
    const refused = subject.backend.createAdapter({ id: 'a', baseModel: 'nobody/nothing', lora: LORA });
    await expect(refused).rejects.toMatchObject({
      code: 'unknown_base_model',
      category: 'user',
      status: 404,
      details: { remedy: `Use one of: ${name}.` },
    });
  });

  it('brings what nobody foresaw over as an error with the stack of the thread', async () => {
    const { batch, ...request } = requestOf(DATUMS);
    const broken = { ...request, batch: { ...batch, lossInputs: {} } };
    const failed = subject.backend.forward(base(subject), broken);
    await expect(failed).rejects.toSatisfy((error: Error) => error.stack?.includes('pass-request') ?? false);
    expect((await subject.backend.forward(base(subject), requestOf(DATUMS))).loss).toBeGreaterThan(0);
  });

  it("does not hold up the caller's loop while it works", async () => {
    let turns = 0;
    let done = false;
    const running = subject.backend
      .generate(base(subject), { prompt: Int32Array.of(5, 6), count: 2, sampling: { ...SAMPLING, maxNewTokens: 30 } })
      .finally(() => (done = true));
    while (!done) await new Promise((resolve) => setImmediate(resolve, turns++));
    await running;
    // At most a few hundred messages come from the thread; a loop that is free turns far more often.
    expect(turns).toBeGreaterThan(200);
  });

  it('is refused before start(), and after stop() fails open and new calls alike', async () => {
    const backend = await newBackend({ cacheFolder: join(tmpdir(), 'thinker-never-started') });
    const stopped = { code: 'engine_stopped', category: 'server', status: 503 };
    await expect(backend.exportState('a')).rejects.toMatchObject(stopped);
    expect(() => backend.capabilities).toThrow('it has not been started');
    await backend.stop();

    const other = await subject.openSmall();
    await other.createAdapter({ id: 'a', baseModel: name, lora: LORA });
    await other.stop();
    await expect(other.digestState('a')).rejects.toMatchObject(stopped);
    await expect(other.forward(adapter('a'), requestOf(DATUMS))).rejects.toMatchObject(stopped);
    await other.stop();
  });

  it('start() fails as an operator can read it when a loss cannot be loaded', async () => {
    const cacheFolder = join(tmpdir(), 'thinker-never-written');
    const backend = await newBackend({ cacheFolder, thread: { lossPlugins: [join(folder, 'nowhere')] } });
    await expect(backend.start()).rejects.toMatchObject({
      code: 'invalid_loss_plugin',
      message: expect.stringContaining('nowhere: the folder cannot be read') as string,
    });
    await backend.stop();
  });

  it('start() fails with the reason when a model cannot be loaded', async () => {
    const cacheFolder = join(tmpdir(), 'thinker-never-written');
    const models = [{ name: 'lost', folder: join(folder, 'nowhere'), config }];
    const backend = await newBackend({ cacheFolder, thread: { models } });
    await expect(backend.start()).rejects.toThrow(/nowhere/);
    await backend.stop();
  });
});
