import { describe, expect, it } from 'vitest';
import { packedRun } from '../../../../test/support/engines/packed-run.js';
import { integers } from '../../../../test/support/models/ragged-builders.js';
import { DEFAULT_LORA } from '../../../domain/adapter/lora-spec.js';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { trainingPrograms } from '../../models/training-graph.js';
import { type PackedRun } from './run-feeds.js';
import { dropoutFeeds } from './dropout.js';
import { PositionTables } from '../position-tables.js';

const { config } = FAKE_MODEL;
const LORA = { ...DEFAULT_LORA, dropout: 0.25, seed: 3 };
const { fused: program } = trainingPrograms({ config, targets: new Set(['q_proj', 'lm_head']), dropout: true });

const datum = (length: number) => Array.from({ length }, (_, i) => i + 1);
const tokens = integers(datum(40), datum(60), datum(50));
const ITEM = { tokens, targets: tokens, scored: Uint8Array.from({ length: 150 }, (_, i) => Number(i % 3 !== 0)) };
const pack = (datums: readonly number[]) => packedRun(ITEM, datums, new PositionTables(config));
const masks = (packed: PackedRun, passes = 0, lora = LORA) =>
  new Map(dropoutFeeds(program, packed, [{ lora, passes }]));

/** The mask rows of one datum at one site. */
function rowsOf(packed: PackedRun, name: string, which: number): number[] {
  const { shape, data } = masks(packed).get(name)!;
  const part = packed.parts[0]!;
  const { runs } = name === 'dropout.head_input' ? part.scoredDatums : part.tokenDatums;
  const { start, length } = runs.find((run) => run.datum === which)!;
  return [...data].map(Number).slice(start * shape[1]!, (start + length) * shape[1]!);
}

describe('dropoutFeeds', () => {
  const whole = pack([0, 1, 2]);
  const names = ['dropout.model.layers.0.attention_input', 'dropout.head_input'];

  it('has a mask for every site of the program, over all tokens or the scored rows', () => {
    const made = masks(whole);
    expect([...made.keys()].sort()).toEqual([...names].sort());
    expect(made.get(names[0]!)!.shape).toEqual([150, config.hiddenSize]);
    expect(made.get(names[1]!)!.shape).toEqual([100, config.hiddenSize]);
  });

  it('keeps a share of 1 - p and scales it so that the mean stays', () => {
    const values = [...masks(whole).get(names[0]!)!.data].map(Number);
    const kept = values.filter((value) => value !== 0);
    expect(new Set(kept)).toEqual(new Set([Math.fround(1 / 0.75)]));
    // 600 draws: three standard deviations are 0.053.
    expect(Math.abs(kept.length / values.length - 0.75)).toBeLessThan(0.053);
  });

  it('gives a datum the same mask whatever else is in its micro-batch', () => {
    const parts = [pack([2]), pack([1, 0])];
    for (const name of names) {
      for (const which of [0, 1, 2]) {
        const part = parts.find((packed) => packed.parts[0]!.datums.includes(which))!;
        expect(rowsOf(part, name, which)).toEqual(rowsOf(whole, name, which));
      }
    }
  });

  it('draws anew for every pass, seed, site and datum', () => {
    const mask = (passes: number, seed = 3) => [...masks(whole, passes, { ...LORA, seed }).get(names[0]!)!.data];
    expect(mask(1)).toEqual(mask(1));
    expect(mask(1)).not.toEqual(mask(0));
    expect(mask(0, 4)).not.toEqual(mask(0));
    expect(rowsOf(whole, names[0]!, 0).slice(0, 40)).not.toEqual(rowsOf(whole, names[0]!, 1).slice(0, 40));
    expect(rowsOf(whole, names[0]!, 0).slice(0, 40)).not.toEqual(rowsOf(whole, names[1]!, 0).slice(0, 40));
  });

  it('drops nothing of parts without dropout that run with others', () => {
    for (const adapter of [null, { lora: { ...LORA, dropout: 0 }, passes: 0 }]) {
      for (const [, { data }] of dropoutFeeds(program, whole, [adapter]))
        expect(new Set([...data].map(Number))).toEqual(new Set([1]));
    }
  });
});
