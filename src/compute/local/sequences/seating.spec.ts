import { describe, expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { OnnxRuntimeExecutor } from '../../onnxruntime/onnxruntime-executor.js';
import { ModelRuntime } from '../model-runtime.js';
import { OpenSequence } from './cache-pool.js';
import { type Advancing, rowsOf, Seating } from './seating.js';

const config = { ...FAKE_MODEL.config, layerCount: 1, headCount: 2, kvHeadCount: 1, headDim: 2 };
const file = { path: 'none', tensors: new Map(), parameterCount: 0 };
const executor = new OnnxRuntimeExecutor({ device: 'cpu', threads: 1 });
const weights = { runtime: new ModelRuntime('model', config, file, executor), adapter: null };

const sequences = (...lengths: number[]): OpenSequence[] =>
  lengths.map((length) => Object.assign(new OpenSequence(weights), { length }));
const step = (sequence: OpenSequence, by = 1): Advancing => ({ sequence, tokens: sequence.length + by });

/** Takes the tokens of a step, whose positions get the number. */
function take({ sequence, tokens }: Advancing, value: number): void {
  const { pool, row } = sequence.seat!;
  for (const [, { data }] of pool.cache.feeds(row, 1).present) data.fill(value, sequence.length * 2, tokens * 2);
  sequence.length = tokens;
  sequence.reach = tokens;
}

/** Numbers of the first tensor of a sequence, one for each position of its row. */
function held({ seat }: OpenSequence): number[] {
  const { data } = seat!.pool.cache.feeds(seat!.row, 1).past[0]![1];
  return Array.from(data, Number).filter((_, i) => i % 2 === 0);
}

const capacitiesOf = (tables: readonly { pool: { cache: { capacity: number } } }[]) =>
  tables.map(({ pool }) => pool.cache.capacity).sort((a, b) => a - b);

describe('Seating', () => {
  it('lets short sequences sit beside long ones where that reads less than the weights again', () => {
    const seating = new Seating(config, 1000);
    expect(capacitiesOf(seating.tables(sequences(10, 20, 500).map((sequence) => step(sequence))))).toEqual([512]);
  });

  it('lets them sit apart where it reads more', () => {
    const seating = new Seating(config, 700);
    const tables = seating.tables(sequences(500, 10, 20, 501).map((sequence) => step(sequence)));
    expect(capacitiesOf(tables)).toEqual([128, 512]);
    expect(tables.map(({ advancing }) => advancing.length)).toEqual([2, 2]);
  });

  it('moves none for a small gain', () => {
    const seating = new Seating(config, 5000);
    const [long, ...short] = sequences(500, 10, 20);
    seating.tables([long!, ...short].map((sequence) => step(sequence)));
    expect(capacitiesOf(seating.tables(short.map((sequence) => step(sequence))))).toEqual([512]);
  });

  it('gives those that stay shorter rows when a long one has left', () => {
    const seating = new Seating(config, 2000);
    const [long, short] = sequences(1000, 100);
    expect(capacitiesOf(seating.tables([step(long!), step(short!)]))).toEqual([1024]);
    long!.seat!.pool.remove(long!);
    expect(capacitiesOf(seating.tables([step(short!)]))).toEqual([128]);
  });

  it('takes what sequences hold along as they grow, move and lose their neighbours', () => {
    const seating = new Seating(config, 300);
    const all = sequences(0, 0, 0);
    const expected = new Map(all.map((sequence) => [sequence, [] as number[]]));
    const advance = (members: readonly OpenSequence[], by: number) => {
      for (const { advancing } of seating.tables(members.map((sequence) => step(sequence, by)))) {
        for (const taken of advancing) {
          const value = 1 + expected.get(taken.sequence)!.length + 1000 * all.indexOf(taken.sequence);
          for (let i = taken.sequence.length; i < taken.tokens; i++) expected.get(taken.sequence)!.push(value);
          take(taken, value);
        }
      }
    };
    advance(all, 3);
    advance([all[1]!], 200);
    advance(all, 1);
    advance([all[0]!, all[2]!], 130);
    all[0]!.seat!.pool.remove(all[0]!);
    advance([all[1]!, all[2]!], 1);
    for (const sequence of all.slice(1)) {
      const { capacity } = sequence.seat!.pool.cache;
      const zeros = Array.from({ length: capacity - sequence.length }, () => 0);
      expect(held(sequence)).toEqual([...expected.get(sequence)!, ...zeros]);
    }
  });

  it('frees pools that nobody sits in', () => {
    const seating = new Seating(config, 100);
    const [sequence] = sequences(10);
    seating.tables([step(sequence!)]);
    expect(seating.dropEmpty()).toBe(true);
    sequence!.seat!.pool.remove(sequence!);
    expect(seating.dropEmpty()).toBe(false);
  });
});

describe('a pool', () => {
  it('has no gaps: the last row replaces one that leaves', () => {
    const seating = new Seating(config, 10_000);
    const members = sequences(0, 0, 0, 0);
    const [{ pool }] = seating.tables(members.map((sequence) => step(sequence, 2))) as [
      ReturnType<typeof seating.tables>[0],
    ];
    for (const [i, sequence] of members.entries()) take(step(sequence, 2), 1 + i);
    pool.remove(members[1]!);
    expect(pool.members).toEqual([members[0], members[3], members[2]]);
    expect(rowsOf([step(members[3]!), step(members[2]!)])).toEqual({ first: 1, count: 2 });
    expect(held(members[3]!).slice(0, 3)).toEqual([4, 4, 0]);
  });

  it('leaves nothing of a failed run to who sits there next', () => {
    const seating = new Seating(config, 10_000);
    const [failed, next] = sequences(0, 0);
    seating.tables([step(failed!, 3)]);
    take(step(failed!, 3), NaN);
    failed!.length = 0;
    const { pool } = failed!.seat!;
    seating.tables([step(failed!), step(next!)]);
    pool.remove(failed!);
    expect(held(next!).every((value) => value === 0)).toBe(true);
  });

  it('sends away who stays behind for long, and takes them back with what they hold', () => {
    const seating = new Seating(config, 10_000);
    const [idle, busy] = sequences(0, 0);
    seating.tables([step(idle!, 2), step(busy!, 2)]);
    take(step(idle!, 2), 7);
    take(step(busy!, 2), 8);
    const { pool } = busy!.seat!;
    for (let i = 0; i < 7; i++) pool.ran(new Set([busy!]));
    expect(idle!.seat).not.toBeNull();
    pool.ran(new Set([busy!]));
    expect(idle!.seat).toBeNull();
    expect(pool.members).toEqual([busy]);
    const [fork] = [idle!.fork(1)];
    seating.tables([step(idle!), step(busy!), step(fork)]);
    expect(held(idle!).slice(0, 3)).toEqual([7, 7, 0]);
    expect(held(fork).slice(0, 3)).toEqual([7, 0, 0]);
  });

  it('gives memory back when most have left', () => {
    const seating = new Seating(config, 10_000);
    const members = sequences(...Array.from({ length: 16 }, () => 1));
    const [{ pool }] = seating.tables(members.map((sequence) => step(sequence))) as [
      ReturnType<typeof seating.tables>[0],
    ];
    expect(pool.cache.rows).toBe(16);
    for (const sequence of members.slice(3)) pool.remove(sequence);
    expect(pool.cache.rows).toBe(8);
  });
});
