import { describe, expect, it } from 'vitest';
import { readLoad, readSave, readSaveForSampler } from './checkpoint-orders.reader.js';

const fieldOf = (field: string) =>
  expect.objectContaining({ details: expect.objectContaining({ field }) as object }) as Error;
/** As JSON has it. */
const nulls = JSON.parse('{"path": null, "overwrite": null, "ttl_seconds": null, "seq_id": null}') as object;

describe('saving by the root routes', () => {
  it('takes the name under both of its names', () => {
    const order = { modelId: 'a', kind: 'training', name: 'x', overwrite: false, ttlSeconds: null };
    expect(readSave({ model_id: 'a', name: 'x' })).toEqual(order);
    expect(readSave({ model_id: 'a', path: 'x', name: 'x' })).toEqual(order);
    expect(readSave({ ...nulls, model_id: 'a', name: 'x' })).toEqual(order);
    expect(readSave({ model_id: 'a', path: 'x', overwrite: true, ttl_seconds: 9, seq_id: 0 })).toEqual({
      ...order,
      overwrite: true,
      ttlSeconds: 9,
      seqId: 0,
    });
  });

  it('makes a name for sampler weights without one', () => {
    expect(readSaveForSampler({ model_id: 'a', name: 'x' })).toMatchObject({ kind: 'sampler', name: 'x' });
    expect(readSaveForSampler({ model_id: 'a' }).name).toMatch(/^sampler-\w{26}$/);
  });

  it.each([
    [{}, 'name'],
    [{ name: 'a', path: 'b' }, 'path'],
    [{ name: 'a/b' }, 'name'],
    [{ path: 'a/b' }, 'path'],
  ])('blames the field that the client sent: %j', (named, field) => {
    expect(() => readSave({ model_id: 'a', ...named })).toThrow(fieldOf(field));
  });
});

describe('loading by the root routes', () => {
  it("takes a name for one of the adapter's own, with its optimiser", () => {
    expect(readLoad({ model_id: 'a', name: 'x', seq_id: 3 })).toEqual({
      modelId: 'a',
      path: { modelId: 'a', kind: 'training', name: 'x' },
      field: 'name',
      optimizer: true,
      seqId: 3,
    });
  });

  it('starts the optimiser fresh from sampler weights, and where the client says so', () => {
    expect(readLoad({ model_id: 'a', path: 'tinker://b/sampler_weights/x' })).toMatchObject({
      path: { modelId: 'b', kind: 'sampler', name: 'x' },
      field: 'path',
      optimizer: false,
    });
    expect(readLoad({ model_id: 'a', path: 'tinker://b/weights/x', optimizer: false }).optimizer).toBe(false);
  });

  it('refuses a request that names nothing', () => {
    expect(() => readLoad({ model_id: 'a' })).toThrow(fieldOf('path'));
  });
});
