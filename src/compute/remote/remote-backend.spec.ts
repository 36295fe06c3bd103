import { describe, expect, it } from 'vitest';
import { DATUMS, LORA, requestOf, SAMPLING } from '../../../test/conformance/conformance-subject.js';
import { FAKE_MODEL, FakeBackend } from '../../../test/support/fake-backend/fake-backend.js';
import { MemoryLink } from '../../../test/support/engines/memory-link.js';
import {
  type CallOptions,
  type ComputeBackend,
  type ForwardRequest,
  type ForwardResult,
  type GenerateResult,
} from '../compute-backend.js';
import { BackendServer } from './backend-server.js';
import { type FromEngine, type ToEngine } from './calls.js';
import { RemoteBackend } from './remote-backend.js';

type EngineLink = MemoryLink<ToEngine, FromEngine>;

/** A backend over a link to `engine`; `links` are those that it has opened. */
function remoteOver(engine: () => ComputeBackend): { backend: RemoteBackend; links: EngineLink[] } {
  const links: EngineLink[] = [];
  const backend = new RemoteBackend(() => {
    const [near, far] = MemoryLink.pair<ToEngine, FromEngine>();
    new BackendServer(far, Promise.resolve(engine()));
    links.push(near);
    return Promise.resolve(near);
  });
  return { backend, links };
}

async function started(engine: () => ComputeBackend = () => new FakeBackend()) {
  const remote = remoteOver(engine);
  await remote.backend.start();
  return remote;
}

const base = { kind: 'base', baseModel: FAKE_MODEL.name } as const;

/** Enough tokens for their arrays to be transferred. */
const LARGE = requestOf(Array.from({ length: 800 }, (_, seed) => ({ length: 8, seed })));

/** Passes of the fake end at once: this one waits for its signal. */
class PatientBackend extends FakeBackend {
  override async forward(_target: unknown, _request: ForwardRequest, options?: CallOptions): Promise<ForwardResult> {
    return new Promise((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () => reject(new RangeError('given up at the engine')));
    });
  }
}

describe('a RemoteBackend', () => {
  it('goes on when the end of a link is told after the next one has started', async () => {
    const { backend, links } = await started();
    links[0]!.break('a test ended it', new Error('the cause'));
    await expect(backend.digestState('a')).rejects.toMatchObject({ code: 'engine_stopped' });
    await backend.start();
    links[0]!.break('it ends once more');
    await backend.createAdapter({ id: 'a', baseModel: FAKE_MODEL.name, lora: LORA });
    expect(await backend.digestState('a')).toMatch(/./);
    links[1]!.break('a test ended this one, too');
    await expect(backend.digestState('a')).rejects.toMatchObject({ code: 'engine_stopped' });
  });

  it('tells listeners that the engine is gone before its calls fail, and which adapter the engine has lost', async () => {
    const engine = new FakeBackend();
    const { backend, links } = await started(() => engine);
    const told: unknown[] = [];
    backend.onLoss((lost) => told.push(lost));
    await backend.createAdapter({ id: 'a', baseModel: FAKE_MODEL.name, lora: LORA });
    engine.lose('a');
    await expect(backend.digestState('a')).rejects.toMatchObject({ code: 'adapter_not_loaded' });
    expect(told).toEqual([{ kind: 'adapter', adapterId: 'a' }]);
    const failed = backend.digestState('a').catch(() => told.push('failed'));
    links[0]!.break('a test ended it', new Error('the cause'));
    await failed;
    expect(told.slice(1)).toEqual([{ kind: 'engine' }, 'failed']);
  });

  it('fails the calls that are open when its link ends, with the cause', async () => {
    const { backend, links } = await started(() => new PatientBackend());
    const open = backend.forward(base, requestOf(DATUMS));
    const cause = new Error('the cause');
    links[0]!.break('a test ended it', cause);
    await expect(open).rejects.toMatchObject({ code: 'engine_stopped', cause });
  });

  it('refuses an answer to another call than the one it made', async () => {
    const [near, far] = MemoryLink.pair<ToEngine, FromEngine>();
    far.onMessage(({ id }) => far.send({ kind: 'result', id, method: 'digestState', value: 'abc' }, []));
    const backend = new RemoteBackend(() => Promise.resolve(near));
    await expect(backend.start()).rejects.toThrow('answered start with the result of digestState');
  });

  it('tells whose a call is', async () => {
    const owners: (string | undefined)[] = [];
    const weights: (number | undefined)[] = [];
    class OwnedBackend extends FakeBackend {
      override forward(...[target, request, options]: Parameters<FakeBackend['forward']>): Promise<ForwardResult> {
        owners.push(options?.owner);
        return super.forward(target, request, options);
      }
      override forwardBackward(...[id, request, options]: Parameters<FakeBackend['forwardBackward']>) {
        owners.push(options?.owner);
        return super.forwardBackward(id, request, options);
      }
      override generate(...[target, request, options]: Parameters<FakeBackend['generate']>): Promise<GenerateResult> {
        owners.push(options?.owner);
        weights.push(options?.weight);
        return super.generate(target, request, options);
      }
    }
    const { backend } = await started(() => new OwnedBackend());
    await backend.createAdapter({ id: 'a', baseModel: FAKE_MODEL.name, lora: LORA });
    await backend.forward(base, requestOf(DATUMS), { owner: 'one' });
    await backend.forwardBackward('a', requestOf(DATUMS), { owner: 'two' });
    await backend.generate(
      base,
      { prompt: Int32Array.of(5), count: 1, sampling: SAMPLING },
      { owner: 'three', weight: 4 },
    );
    await backend.forward(base, requestOf(DATUMS));
    expect(owners).toEqual(['one', 'two', 'three', undefined]);
    expect(weights).toEqual([4]);
  });

  it('has tokens sent only where somebody listens', async () => {
    const asked: boolean[] = [];
    class AskedBackend extends FakeBackend {
      override generate(...[target, request, options]: Parameters<FakeBackend['generate']>): Promise<GenerateResult> {
        asked.push(options?.onToken !== undefined);
        return super.generate(target, request, options);
      }
    }
    const { backend } = await started(() => new AskedBackend());
    const request = { prompt: Int32Array.of(5), count: 1, sampling: SAMPLING };
    await backend.generate(base, request);
    const tokens: number[] = [];
    const { sequences } = await backend.generate(base, request, { onToken: ({ token }) => tokens.push(token) });
    expect(asked).toEqual([false, true]);
    expect(tokens).toEqual([...sequences[0]!.tokens]);
  });
});

describe('tensors over a link', () => {
  it('change hands where they are large: the request is detached, and the result is not a copy', async () => {
    const { backend } = await started();
    const { tokens } = LARGE.batch;
    expect(tokens.data.byteLength).toBe(25_600);
    const { logprobs } = await backend.forward(base, LARGE);
    expect(tokens.data.byteLength).toBe(0);
    expect(logprobs.data).toHaveLength(6400);
  });

  it('stay with the caller where they are small, and the prompt of a generation always', async () => {
    const { backend } = await started();
    const request = requestOf(DATUMS);
    await backend.forward(base, request);
    expect(request.batch.tokens.data).toHaveLength(20);
    const prompt = new Int32Array(6000).fill(5);
    await backend.generate(base, { prompt, count: 1, sampling: { ...SAMPLING, maxNewTokens: 1 } });
    expect(prompt).toHaveLength(6000);
  });

  it('are counted in both directions', async () => {
    const { backend } = await started();
    const before = backend.traffic;
    await backend.forward(base, requestOf([{ length: 8, seed: 1 }]));
    // Tokens and targets with their offsets there, log-probs with theirs back.
    expect(backend.traffic).toEqual({
      sentBytes: before.sentBytes + 2 * (8 + 2) * 4,
      receivedBytes: before.receivedBytes + (8 + 2) * 4,
    });
  });
});

describe('a call that is given up', () => {
  it('is not sent when it was given up before', async () => {
    const { backend } = await started();
    const sentBytes = backend.traffic.sentBytes;
    const options = { signal: AbortSignal.abort() };
    await expect(backend.forward(base, requestOf(DATUMS), options)).rejects.toMatchObject({ code: 'cancelled' });
    expect(backend.traffic.sentBytes).toBe(sentBytes);
  });

  it('is told to the engine, whose error is the answer', async () => {
    const { backend } = await started(() => new PatientBackend());
    const controller = new AbortController();
    const given = backend.forward(base, requestOf(DATUMS), { signal: controller.signal });
    controller.abort();
    await expect(given).rejects.toThrow('given up at the engine');
  });

  it('may be given up after the engine has ended', async () => {
    const { backend, links } = await started(() => new PatientBackend());
    const controller = new AbortController();
    const given = backend.forward(base, requestOf(DATUMS), { signal: controller.signal });
    links[0]!.break('a test ended it');
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'engine_stopped' });
  });
});
