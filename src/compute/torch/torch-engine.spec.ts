import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../test/support/fake-backend/fake-backend.js';
import {
  FakeRank,
  QuietLogger,
  RANK_INFO,
  type RankCall,
  type Script,
} from '../../../test/support/engines/fake-rank.js';
import { integers } from '../../../test/support/models/ragged-builders.js';
import { waitFor } from '../../../test/support/wait-for.js';
import { type AdapterTensors } from '../../domain/adapter/adapter-state.js';
import { DEFAULT_LORA } from '../../domain/adapter/lora-spec.js';
import { type PassItem } from '../model-engine.js';
import { freshState } from '../numerics/adapter-tensors.js';
import { WireArray } from './frames/frame-codec.js';
import { RankGroup } from './ranks/rank-group.js';
import { RankListener } from './ranks/rank-listener.js';
import { type GroupLostError } from './torch.errors.js';
import { type RankSupply, TorchEngine } from './torch-engine.js';

const MODEL = FAKE_MODEL.name;
const INFO = { ...RANK_INFO, models: [{ ...RANK_INFO.models[0]!, name: MODEL }] };

let folder: string;
let ranks: FakeRank[] = [];
let lost: GroupLostError[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'thinker-engine-'));
  ranks = [];
  lost = [];
});
afterEach(() => rm(folder, { recursive: true }));

/** Ranks that answer start, and everything else by their scripts. */
class FakeSupply implements RankSupply {
  private listener: RankListener | null = null;

  constructor(private readonly scripts: readonly Script[]) {}

  async start(onLost: (error: GroupLostError) => void): Promise<RankGroup> {
    const path = join(folder, 'control.sock');
    const world = this.scripts.length;
    this.listener = await RankListener.open({ path }, { token: 'secret', world, log: () => undefined });
    ranks = await Promise.all(this.scripts.map((script, rank) => FakeRank.connect(path, { rank, world }, script)));
    const deadlines = { silenceMs: 60_000, callMs: 60_000 };
    const logger = new QuietLogger();
    return new RankGroup(await this.listener.group, {
      generation: 1,
      settings: {} as never,
      deadlines,
      onLost,
      logger,
    });
  }

  async stop(): Promise<void> {
    this.listener?.close();
  }
}

async function engineOf(...scripts: readonly Script[]): Promise<TorchEngine> {
  const started: Script[] = scripts.map((script) => (call) => {
    const answer = script(call);
    return answer && 'value' in answer && answer.value === undefined
      ? { value: call.name === 'start' ? INFO : null }
      : answer;
  });
  const engine = new TorchEngine({
    name: 'hf',
    supply: new FakeSupply(started),
    models: [FAKE_MODEL],
    onLost: (error) => lost.push(error),
  });
  await engine.start();
  return engine;
}

/** Answers the calls named; all others by null, and start by what a rank can do. */
const answering =
  (answers: Readonly<Record<string, (call: RankCall) => unknown>> = {}): Script =>
  (call) => ({ value: answers[call.name]?.(call) });

const callsOf = (name: string, rank = 0) =>
  ranks[rank]!.calls.filter((call) => call.name === name).map(({ args }) => args);

const itemOf = (id: string): PassItem => ({
  weights: { kind: 'adapter', id },
  train: true,
  tokens: integers([1, 2, 3], [4, 5]),
  targets: integers([2, 3, 4], [5, 6]),
  scored: Uint8Array.of(1, 1, 1, 0, 1),
});
const arrayOf = (...numbers: number[]) => new WireArray(Float32Array.from(numbers));

describe('the engine on torch ranks', () => {
  it('says what the ranks can do, by the one that can do least', async () => {
    const engine = await engineOf(
      answering(),
      answering({ start: () => ({ ...INFO, passTokens: 8, sequenceBytes: 2 ** 20 }) }),
    );
    expect(engine.capabilities).toEqual({
      engine: 'hf',
      device: 'cpu',
      maxRank: 256,
      ranks: 2,
      repeatability: 'bitwise',
      batching: 'exact',
      passTokens: 8,
      sequenceBytes: 2 ** 20,
      models: [{ ...INFO.models[0], config: FAKE_MODEL.config }],
    });
    await engine.stop();
  });

  it('refuses to start on ranks that are not alike', async () => {
    const other = answering({ start: () => ({ ...INFO, device: 'cuda' }) });
    await expect(engineOf(answering(), other)).rejects.toThrow('the ranks have drifted apart: in start');
    expect(lost).toEqual([]);
  });

  it('brings the state of an adapter over and back', async () => {
    let held: unknown = null;
    const engine = await engineOf(
      answering({ createAdapter: ({ args }) => ((held = args['state']), null), exportState: () => held }),
      answering({ exportState: () => null }),
    );
    const tensor = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const weights = new Map([['model.q.lora_A.weight', tensor]]);
    const state = { ...freshState(weights), step: 4, gradients: weights, gradientPasses: 2, passes: 9 };
    await engine.createAdapter({ id: 'a', baseModel: MODEL, lora: DEFAULT_LORA }, state);
    expect(callsOf('createAdapter', 1)[0]!['adapter']).toEqual({ id: 'a', baseModel: MODEL, lora: DEFAULT_LORA });
    const exported = await engine.exportState('a');
    const plain = (tensors: AdapterTensors) => [...tensors].map(([name, { shape, data }]) => [name, shape, [...data]]);
    expect(plain(exported.weights)).toEqual(plain(weights));
    expect(plain(exported.gradients!)).toEqual(plain(weights));
    expect(exported).toMatchObject({ step: 4, gradientPasses: 2, passes: 9 });
    await engine.stop();
  });

  it('makes a pass of two items in one run, from datums that ranks share', async () => {
    const engine = await engineOf(
      answering({
        openPass: () => ({ refused: [] }),
        forward: () => [
          [arrayOf(-1, -2, -3), null],
          [null, arrayOf(-8)],
        ],
      }),
      answering({
        openPass: () => ({ refused: [] }),
        forward: () => [
          [null, arrayOf(-4)],
          [arrayOf(-5, -6, -7), null],
        ],
      }),
    );
    const { id, runs } = await engine.openPass([itemOf('a'), itemOf('b')]);
    const parts = [
      { item: 0, datums: [0, 1] },
      { item: 1, datums: [0, 1] },
    ];
    expect(runs).toEqual([{ parts }]);
    const found = await engine.forward(id, 0);
    expect(found.map((part) => [...part])).toEqual([
      [-1, -2, -3, -4],
      [-5, -6, -7, -8],
    ]);
    await engine.backward(
      id,
      0,
      found.map((part) => part.map(() => 1)),
    );
    await engine.keepGradients(id, 1);
    await engine.closePass(id);
    expect(callsOf('forward', 1)).toEqual([{ pass: id, parts }]);
    expect(callsOf('keepGradients', 1)).toEqual([{ pass: id, item: 1 }]);
    await engine.stop();
  });

  it('runs the items that are not refused, and gives the reason of the others', async () => {
    const error = { code: 'weights_unknown', message: '', details: { id: 'x' } };
    const engine = await engineOf(answering({ openPass: () => ({ refused: [{ item: 0, error }] }) }));
    const { runs, refused } = await engine.openPass([itemOf('x'), itemOf('b')]);
    expect(refused).toMatchObject([{ item: 0, error: { code: 'weights_unknown', status: 503 } }]);
    expect(runs).toEqual([{ parts: [{ item: 1, datums: [0, 1] }] }]);
    await engine.stop();
  });

  it('gives the rows of each step', async () => {
    const logits = new WireArray(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const next = { logits, logSums: arrayOf(7, 8), drawn: null, named: null };
    const engine = await engineOf(
      answering({ advance: () => [next, null] }),
      answering({ advance: () => [null, next] }),
    );
    const sequence = await engine.openSequence({ kind: 'base', baseModel: MODEL });
    const [fork] = await engine.forkSequence(sequence, 1);
    const steps = [sequence, fork!].map((id) => ({
      sequence: id,
      tokens: Int32Array.of(1, 2),
      rows: Int32Array.of(0, 1),
    }));
    const rows = (await engine.advance(steps)).map((found) => found.map(({ logits, logSum }) => [[...logits], logSum]));
    const expected = [
      [[1, 2, 3], 7],
      [[4, 5, 6], 8],
    ];
    expect(rows).toEqual([expected, expected]);
    await engine.stop();
  });

  it('calls the ranks for each sequence alone where these share nothing', async () => {
    const next = ({ args }: { args: Record<string, unknown> }) =>
      (args['steps'] as unknown[]).map(() => ({
        logits: new WireArray(Float32Array.of(1, 2), [1, 2]),
        logSums: arrayOf(3),
        drawn: null,
        named: null,
      }));
    const engine = await engineOf(answering({ start: () => ({ ...INFO, batching: 'off' }), advance: next }));
    const sequences = [0, 1, 2].map((sequence) => ({ sequence, tokens: Int32Array.of(1) }));
    expect(await engine.advance(sequences)).toHaveLength(3);
    expect(callsOf('advance').map((args) => (args['steps'] as unknown[]).length)).toEqual([1, 1, 1]);
    await engine.stop();
  });

  it('gives the draws that a step asks for', async () => {
    const drawn = new WireArray(Int32Array.of(4, 1));
    const next = { logits: arrayOf(0.5, 0.25), logSums: arrayOf(7), drawn, named: null };
    const engine = await engineOf(answering({ advance: () => [next] }), answering({ advance: () => [null] }));
    const sequence = await engine.openSequence({ kind: 'base', baseModel: MODEL });
    const draws = { temperature: 0.7, uniforms: [1 / 3, 0.1] };
    const found = await engine.advance([{ sequence, tokens: Int32Array.of(1), draws }]);
    expect(found).toEqual([[{ drawn: drawn.data, logits: Float32Array.of(0.5, 0.25), logSum: 7 }]]);
    expect(callsOf('advance')[0]).toMatchObject({ steps: [{ draws }] });
    await engine.stop();
  });

  it('gives the logits of named tokens, and the draws from the last row', async () => {
    const drawn = new WireArray(Int32Array.of(4));
    const next = { logits: arrayOf(0.5), logSums: arrayOf(6, 7, 8), drawn, named: arrayOf(0.1, 0.2, 0.3) };
    const engine = await engineOf(answering({ advance: () => [null] }), answering({ advance: () => [next] }));
    const sequence = await engine.openSequence({ kind: 'base', baseModel: MODEL });
    const named = { tokens: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 1, 3) };
    const draws = { temperature: 1, uniforms: [0.5] };
    const step = { sequence, tokens: Int32Array.of(1, 2, 3), rows: Int32Array.of(0, 1, 2), named, draws };
    const [rows] = await engine.advance([step]);
    expect(rows).toEqual([
      { logits: new Float32Array(0), named: Float32Array.of(0.1), logSum: 6 },
      { logits: new Float32Array(0), named: Float32Array.of(0.2, 0.3), logSum: 7 },
      { logits: Float32Array.of(0.5), drawn: drawn.data, logSum: 8 },
    ]);
    await engine.stop();
  });

  it('answers no call once its ranks are gone, but says that they are', async () => {
    const engine = await engineOf(({ name }) => (name === 'digestState' ? null : { value: undefined }));
    let answered = false;
    void engine.digestState('a').then(
      () => (answered = true),
      () => (answered = true),
    );
    await waitFor('the call', () => callsOf('digestState').length === 1);
    ranks[0]!.die();
    await waitFor('the loss', () => lost.length === 1);
    void engine.describeState('a').finally(() => (answered = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(answered).toBe(false);
    await engine.stop();
  });

  it('has nothing to do before start() and after stop()', async () => {
    const engine = await engineOf(answering());
    await engine.stop();
    expect(ranks[0]!.calls.at(-1)!.name).toBe('stop');
    await expect(engine.digestState('a')).rejects.toMatchObject({ code: 'engine_stopped' });
    expect(() => engine.capabilities).toThrow('its ranks have not started');
  });
});
