import { expect, it } from 'vitest';
import { FAKE_MODEL } from '../../../../test/support/fake-backend/fake-backend.js';
import { integers } from '../../../../test/support/models/ragged-builders.js';
import { DEFAULT_LORA } from '../../../domain/adapter/lora-spec.js';
import { PositionTables } from '../position-tables.js';
import { layOutPart } from './part-layout.js';
import { packRun } from './run-feeds.js';
import { moduleScaleFeeds, slotFeeds } from './slot-feeds.js';

const layout = { headLora: true, slots: true, minRows: 3 };
const parts = [[1, 2, 3, 4], [5]].map((datum) => {
  const tokens = integers(datum);
  return layOutPart(
    { tokens, targets: tokens, scored: Uint8Array.from(datum, (token) => token % 2) },
    [0],
    layout.minRows,
  );
});
const loras = [2, 4].map((alpha) => ({ ...DEFAULT_LORA, rank: 2, alpha }));
const run = packRun(parts, layout, new PositionTables(FAKE_MODEL.config));
const feeds = new Map(slotFeeds(run, loras, layout));
const feed = (name: string) => [...feeds.get(name)!.data].map(Number);

it('gives every adapter as many rows as the largest, its first row repeated with a scale of 0', () => {
  expect(feeds.get('lora.gather')!.shape).toEqual([2, 4]);
  // The second part's token is repeated until there are three rows.
  expect(feed('lora.gather')).toEqual([0, 1, 2, 3, 4, 5, 6, 4]);
  expect(feed('lora.scale')).toEqual([1, 1, 1, 1, 2, 2, 2, 0]);
  expect(feed('lora.scatter')).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

it('does so with the scored rows, of which those that repeat one read from their own adapter', () => {
  // Chunk by chunk: three rows of each part, of which two and one are scored, then one of each in the empty chunks.
  expect(feed('lora.headGather')).toEqual([0, 1, 0, 3, 3, 3]);
  expect(feed('lora.headScale')).toEqual([1, 1, 0, 2, 0, 0]);
  expect(feed('lora.headScatter')).toEqual([0, 1, 0, 3, 3, 3, 0, 3, 0, 3, 0, 3]);
});

it('scales nothing for the bare base model', () => {
  const scales = new Map(slotFeeds(run, [null, loras[1]!], layout)).get('lora.scale')!;
  expect([...scales.data]).toEqual([0, 0, 0, 0, 2, 2, 2, 0]);
});

it('gives each module its own scale where adapters have some, and 1 for all', () => {
  const [q, v] = ['layers.0.q_proj', 'layers.0.v_proj'] as const;
  const own = [{ ...loras[0]!, alphaPattern: { [q]: 12 } }, null];
  const scales = new Map(slotFeeds(run, own, { ...layout, mixed: true })).get('lora.scale')!;
  expect([...scales.data]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
  const stacks = new Map([q, v].map((module) => [`${module}.lora_A.weight`, [2, 5] as const]));
  const ofModules = new Map(moduleScaleFeeds(stacks, own));
  expect(ofModules.get(`lora.scale.${q}`)!.shape).toEqual([2, 1, 1]);
  expect([...ofModules].map(([, { data }]) => [...data])).toEqual([
    [6, 0],
    [1, 0],
  ]);
});
