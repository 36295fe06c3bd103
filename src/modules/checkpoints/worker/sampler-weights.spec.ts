import { describe, expect, it } from 'vitest';
import { type AdapterHandle, type ComputeBackend, type StateSource } from '../../../compute/compute-backend.js';
import { WeightsUnknownError } from '../../../compute/weights-unknown.error.js';
import { type EventBus, type EventListener } from '../../../events/event-bus.js';
import { type CheckpointRepository } from '../repositories/checkpoint.repository.js';
import { SamplerWeights } from './sampler-weights.js';

const LORA = { rank: 1, alpha: 1, dropout: 0, targetModules: ['q_proj' as const], rsLora: false, seed: 1 };

/** A backend that knows what was loaded into it, and the checkpoints 'c1' and 'c2'. */
function world() {
  const held = new Set<string>();
  const loads: [AdapterHandle, StateSource][] = [];
  let listener: EventListener | undefined;
  const backend = {
    loadWeights: async (handle: AdapterHandle, from: StateSource) => {
      loads.push([handle, from]);
      await Promise.resolve();
      held.add(handle.id);
    },
    dropWeights: (id: string) => Promise.resolve(void held.delete(id)),
  } satisfies Partial<ComputeBackend>;
  const checkpoints = {
    findById: (id: string) =>
      Promise.resolve(id === 'gone' ? null : { id, baseModel: 'm', lora: LORA, path: `checkpoints/a/${id}` }),
  };
  const events = {
    subscribe: (_channel: string, given: EventListener) => {
      listener = given;
      return () => (listener = undefined);
    },
  };
  const weights = new SamplerWeights(
    backend as Partial<ComputeBackend> as ComputeBackend,
    checkpoints as Partial<CheckpointRepository> as CheckpointRepository,
    events as Partial<EventBus> as EventBus,
  );
  weights.onModuleInit();
  const sample = (id: string) =>
    weights.use(id, async (target) => {
      await Promise.resolve();
      if (target.kind !== 'weights' || !held.has(target.id)) throw new WeightsUnknownError(id);
      return `from ${target.id}`;
    });
  return { held, loads, sample, weights, deleted: (id: string) => listener?.onEvent(id) };
}

describe('weights of a sampler checkpoint', () => {
  it('are loaded by reference when they are first used, and not again', async () => {
    const { sample, loads } = world();
    expect([await sample('c1'), await sample('c1')]).toEqual(['from c1', 'from c1']);
    expect(loads).toEqual([[{ id: 'c1', baseModel: 'm', lora: LORA }, { ref: 'checkpoints/a/c1' }]]);
  });

  it('are loaded once for requests that come together', async () => {
    const { sample, loads } = world();
    await Promise.all(Array.from({ length: 5 }, () => sample('c1')));
    await sample('c2');
    expect(loads.map(([{ id }]) => id)).toEqual(['c1', 'c2']);
  });

  it('are loaded again when the backend has dropped them', async () => {
    const { sample, held, loads } = world();
    await sample('c1');
    held.clear();
    expect(await sample('c1')).toBe('from c1');
    expect(loads).toHaveLength(2);
  });

  it('leave the backend when their checkpoint is deleted', async () => {
    const { sample, held, deleted, weights } = world();
    await sample('c1');
    deleted('c1');
    expect(held.size).toBe(0);
    await sample('c2');
    weights.onModuleDestroy();
    deleted('c2');
    expect(held.size).toBe(1);
  });

  it('are refused when their checkpoint is gone, and other failures are passed on', async () => {
    const { sample, weights, loads } = world();
    await expect(sample('gone')).rejects.toMatchObject({ code: 'not_found' });
    await expect(weights.use('c1', () => Promise.reject(new RangeError('planted')))).rejects.toThrow('planted');
    expect(loads).toEqual([]);
  });
});
