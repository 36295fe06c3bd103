import { describe, expect, it } from 'vitest';
import { readCopyWeights } from './copy-weights.reader.js';

const SOURCE = { source_path: 'tinker://a/weights/x' };

describe('copy_weights', () => {
  it('takes its headers before its fields', () => {
    const dto = { ...SOURCE, session_id: 's', model_seq_id: 0, ttl_seconds: 60, weights_access_token: 'field' };
    const order = {
      source: { modelId: 'a', kind: 'training', name: 'x' },
      ttlSeconds: 60,
      destination: { sessionId: 's', modelSeqId: 0 },
    };
    expect(readCopyWeights(dto, { accessToken: 'header', idempotencyKey: 'k' })).toEqual({
      ...order,
      accessToken: 'header',
      idempotencyKey: 'k',
    });
    expect(readCopyWeights(dto, {})).toMatchObject({ ...order, accessToken: 'field' });
  });

  it('is another copy each time, where nothing tells a repeat', () => {
    const dto = { ...SOURCE, destination_project_id: 'p' };
    const [first, second] = [readCopyWeights(dto, {}), readCopyWeights(dto, {})];
    expect(first).toMatchObject({ destination: { projectId: 'p' }, ttlSeconds: null });
    expect(first.idempotencyKey).not.toBe(second.idempotencyKey);
  });

  it.each([
    [{ ...SOURCE, session_id: 's' }, 'model_seq_id'],
    [SOURCE, 'session_id'],
    [{ source_path: 'x' }, 'source_path'],
  ])('refuses %j', (dto, field) => {
    expect(() => readCopyWeights(dto, {})).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ field }) as object }) as Error,
    );
  });
});
