import { describe, expect, it } from 'vitest';
import {
  readTinkerLoad,
  readTinkerSave,
  readTinkerSaveExternal,
  readTinkerSaveForSampler,
} from './checkpoint-orders.reader.js';

const fieldOf = (field: string) =>
  expect.objectContaining({ details: expect.objectContaining({ field }) as object }) as Error;
const PATH = 'tinker://other/weights/x';

describe('saving by the Tinker API', () => {
  it('has the name in `path`', () => {
    const named = { modelId: 'a', name: 'x', ttlSeconds: 60, seqId: 2 };
    const dto = { model_id: 'a', path: 'x', ttl_seconds: 60, seq_id: 2 };
    const metadata = { user_metadata: { k: 'v' } };
    expect(readTinkerSave({ ...dto, ...metadata, overwrite: true })).toEqual({
      ...named,
      kind: 'training',
      overwrite: true,
      userMetadata: { k: 'v' },
    });
    expect(readTinkerSaveForSampler({ ...dto, ...metadata })).toEqual({
      ...named,
      kind: 'sampler',
      userMetadata: { k: 'v' },
    });
    expect(readTinkerSaveExternal({ ...dto, age_encryption_recipients: ['age1'] })).toEqual({
      ...named,
      kind: 'external',
      recipients: ['age1'],
    });
  });

  it('may leave the name of sampler weights out, and no other', () => {
    expect(readTinkerSaveForSampler({ model_id: 'a' })).toBeNull();
    expect(() => readTinkerSave({ model_id: 'a' })).toThrow(fieldOf('path'));
    expect(() => readTinkerSave({ model_id: 'a', path: 'x/y' })).toThrow(fieldOf('path'));
  });
});

describe('loading by the Tinker API', () => {
  it('is into a model that exists, without the optimiser where nothing is said', () => {
    expect(readTinkerLoad({ model_id: 'a', path: PATH, seq_id: 4 })).toEqual({
      path: { modelId: 'other', kind: 'training', name: 'x' },
      optimizer: false,
      target: { modelId: 'a', seqId: 4 },
    });
    expect(readTinkerLoad({ model_id: 'a', path: 'x' }).path).toEqual({ modelId: 'a', kind: 'training', name: 'x' });
  });

  it('is into a model to make, where a session and a number are given', () => {
    const slot = { session_id: 's', model_seq_id: 0, base_model: 'b', weights_access_token: 't', optimizer: true };
    expect(readTinkerLoad({ ...slot, path: PATH })).toEqual({
      path: { modelId: 'other', kind: 'training', name: 'x' },
      optimizer: true,
      accessToken: 't',
      target: { sessionId: 's', modelSeqId: 0, baseModel: 'b' },
    });
    // A name alone is one of the model's own, and this model has none yet.
    expect(() => readTinkerLoad({ ...slot, path: 'x' })).toThrow(fieldOf('path'));
  });

  it.each([
    [{ path: PATH }, 'model_id'],
    [{ path: PATH, session_id: 's' }, 'model_id'],
    [{ path: PATH, model_id: 'a', optimizer_config: { type: 'sgd' } }, 'optimizer_config.type'],
  ])('refuses %j', (dto, field) => {
    expect(() => readTinkerLoad(dto)).toThrow(fieldOf(field));
  });
});
