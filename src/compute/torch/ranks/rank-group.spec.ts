import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRank, QuietLogger, type Script } from '../../../../test/support/engines/fake-rank.js';
import { CPU_RANK } from '../../../../scripts/lib/cpu-rank.mjs';
import { waitFor } from '../../../../test/support/wait-for.js';
import { same, shared } from '../merge-answers.js';
import { WireArray } from '../frames/frame-codec.js';
import { RankGroup } from './rank-group.js';
import { RankListener } from './rank-listener.js';
import { type GroupLostError } from '../torch.errors.js';

const SETTINGS = { ...CPU_RANK, models: [], heartbeatSeconds: 1, collectiveSeconds: 60 };
const DEADLINES = { silenceMs: 5000, callMs: 60_000 };

let folder: string;
let listener: RankListener;
let ranks: FakeRank[];
let lost: GroupLostError[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-group-'));
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(async () => {
  vi.useRealTimers();
  listener.close();
  await rm(folder, { recursive: true });
});

/** A group with one rank for each script. */
async function groupOf(...scripts: readonly Script[]): Promise<RankGroup> {
  const path = join(folder, 'control.sock');
  const world = scripts.length;
  listener = await RankListener.open({ path }, { token: 'secret', world, log: () => undefined });
  ranks = await Promise.all(scripts.map((script, rank) => FakeRank.connect(path, { rank, world }, script)));
  lost = [];
  return new RankGroup(await listener.group, {
    generation: 3,
    settings: SETTINGS,
    deadlines: DEADLINES,
    onLost: (error) => lost.push(error),
    logger: new QuietLogger(),
  });
}

const gives =
  (value: unknown): Script =>
  () => ({ value });
const fails =
  (kind: 'user' | 'memory' | 'engine', code = 'no_gradients'): Script =>
  () => ({ error: { kind, code, message: 'went wrong' } });
const silent: Script = () => null;

/** Lets time pass; the ranks named send heartbeats all the while. */
async function pass(ms: number, alive: readonly FakeRank[] = ranks): Promise<void> {
  for (let at = 0; at < ms; at += 1000) {
    for (const rank of alive) rank.send({ kind: 'heartbeat' });
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(1000);
  }
}

describe('a group of ranks', () => {
  it('knows the memory that their heartbeats tell', async () => {
    const group = await groupOf(silent, silent, silent);
    const gpu = { heldBytes: 5, totalBytes: 8 };
    ranks[0]!.send({ kind: 'heartbeat', memory: { processBytes: 10, gpu: null } });
    ranks[2]!.send({ kind: 'heartbeat', memory: { processBytes: 10, gpu } });
    // Of an earlier version, or where the system does not tell.
    ranks[1]!.send({ kind: 'heartbeat' });
    await waitFor('both', () => group.memory.length === 2);
    ranks[2]!.send({ kind: 'heartbeat', memory: { processBytes: 11, gpu } });
    await waitFor('the later one', () => group.memory[1]?.processBytes === 11);
    expect(group.memory).toEqual([
      { rank: 0, host: 'here', processBytes: 10, gpu: null },
      { rank: 2, host: 'here', processBytes: 11, gpu },
    ]);
    group.close();
  });

  it('welcomes its ranks with generation and settings', async () => {
    await groupOf(silent, silent);
    for (const rank of ranks) {
      expect(await rank.received('welcome')).toEqual({ kind: 'welcome', generation: 3, settings: SETTINGS });
    }
  });

  it('sends every call to all ranks in one order, without waiting for answers', async () => {
    const group = await groupOf(silent, silent);
    const calls = [group.call('dropWeights', { id: 'a' }, same), group.call('dropWeights', { id: 'b' }, same)];
    await waitFor('the calls', () => ranks.every((rank) => rank.calls.length === 2));
    for (const rank of ranks) expect(rank.calls.map(({ args }) => args['id'])).toEqual(['a', 'b']);
    for (const { id } of ranks[0]!.calls) for (const rank of ranks) rank.send({ kind: 'result', id, value: null });
    expect(await Promise.all(calls)).toEqual([null, null]);
  });

  it('merges what one rank has each of', async () => {
    const [a, b, c] = [1, 2, 3].map((value) => new WireArray(Float32Array.of(value)));
    const group = await groupOf(gives([[a, null], [null]]), gives([[null, b], [c]]));
    const parts = [
      { item: 0, datums: [0, 1] },
      { item: 1, datums: [0] },
    ];
    expect(await group.call('forward', { pass: 1, parts }, shared)).toEqual([[a, b], [c]]);
  });

  it('hands on the error in which all ranks agree, and goes on', async () => {
    const group = await groupOf(fails('user'), fails('user'));
    const step = group.call('step', { id: 'a', params: {} as never }, same);
    await expect(step).rejects.toMatchObject({ code: 'no_gradients', category: 'user', status: 400 });
    expect(lost).toEqual([]);
  });

  it('tells when all ranks lack memory, and goes on', async () => {
    const group = await groupOf(fails('memory', 'memory'), fails('memory', 'memory'));
    await expect(group.call('dropWeights', { id: 'a' }, same)).rejects.toMatchObject({ code: 'device_memory' });
    expect(lost).toEqual([]);
  });

  it.each<[string, Script, Script, string]>([
    [
      'differ in a digest',
      gives('xxh64:1'),
      gives('xxh64:2'),
      'the ranks have drifted apart: in digestState, rank 0 gives "xxh64:1", and rank 1 "xxh64:2"',
    ],
    [
      'answer one with an error',
      gives('xxh64:1'),
      fails('user'),
      'the ranks answer digestState with a result, no_gradients',
    ],
    ['answer with different errors', fails('user'), fails('user', 'other'), 'digestState with no_gradients, other'],
    ['fail', silent, fails('engine'), 'rank 1 (here, process 1) failed in digestState: went wrong'],
  ])('is lost when ranks %s', async (_, first, second, reason) => {
    const group = await groupOf(first, second);
    await expect(group.call('digestState', { id: 'a' }, same)).rejects.toThrow(reason);
    expect(lost.map(({ message, outOfMemory }) => [message.includes(reason), outOfMemory])).toEqual([[true, false]]);
    await waitFor('the end of all ranks', () => ranks.every(({ isClosed }) => isClosed));
    await expect(group.call('digestState', { id: 'a' }, same)).rejects.toThrow(reason);
  });

  it('remembers that it was lost for want of memory', async () => {
    const group = await groupOf(gives(null), fails('memory', 'memory'));
    await expect(group.call('dropWeights', { id: 'a' }, same)).rejects.toThrow('a result, memory');
    expect(lost).toMatchObject([{ outOfMemory: true }]);
  });

  it('is lost at once when a rank dies, in a call or while it is idle', async () => {
    const group = await groupOf(silent, silent);
    const call = group.call('digestState', { id: 'a' }, same);
    await waitFor('the call', () => ranks[1]!.calls.length === 1);
    ranks[1]!.die();
    await expect(call).rejects.toThrow('rank 1 (here, process 1): it closed its connection');
    expect(lost).toHaveLength(1);

    listener.close();
    await groupOf(silent, silent);
    ranks[0]!.die();
    await waitFor('the loss', () => lost.length === 1);
  });

  it('is lost when a rank sends what cannot be read', async () => {
    await groupOf(silent);
    ranks[0]!.send({ kind: 'x', value: { $array: 5 } });
    await waitFor('the loss', () => lost.length === 1);
    expect(lost[0]!.message).toContain('a frame that cannot be read');
  });

  it('is lost when a rank gives no sign of life, and not before', async () => {
    await groupOf(silent, silent);
    await pass(20_000);
    expect(lost).toEqual([]);
    await pass(4000, [ranks[0]!]);
    expect(lost).toEqual([]);
    await pass(3000, [ranks[0]!]);
    expect(lost[0]!.message).toContain('rank 1 (here, process 1) has been silent for 5 s');
  });

  it('is lost when one rank has failed, and another does not answer for as long', async () => {
    const group = await groupOf(fails('memory', 'memory'), silent);
    const call = group.call('dropWeights', { id: 'a' }, same).catch((error: Error) => error.message);
    await waitFor('the call', () => ranks[0]!.calls.length === 1);
    await pass(4000);
    expect(lost).toEqual([]);
    await pass(3000);
    expect(await call).toContain(
      'a rank failed in dropWeights, and rank 1 (here, process 1) has not answered 5 s later',
    );
    expect(lost).toMatchObject([{ outOfMemory: true }]);
  });

  it('is lost when a call takes too long, but for the loading of models', async () => {
    const group = await groupOf(silent);
    const failed: unknown[] = [];
    group.call('start', {}, same).catch((error) => failed.push(error));
    await pass(70_000);
    expect(lost).toEqual([]);
    ranks[0]!.send({ kind: 'result', id: 0, value: null });
    await waitFor('the answer', () => ranks[0]!.calls.length === 1);
    const call = group.call('digestState', { id: 'a' }, same).catch((error: Error) => error.message);
    await pass(59_000);
    expect(lost).toEqual([]);
    await pass(3000);
    expect(await call).toContain('rank 0 (here, process 1) has not answered digestState for 60 s');
  });

  it('takes nothing for lost after a standstill of this process', async () => {
    await groupOf(silent);
    await pass(2000);
    vi.setSystemTime(Date.now() + 60_000);
    const now = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => now + 60_000);
    await vi.advanceTimersByTimeAsync(1000);
    expect(lost).toEqual([]);
    vi.restoreAllMocks();
  });
});
