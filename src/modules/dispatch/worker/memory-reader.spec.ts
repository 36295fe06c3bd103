import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { FakeBackend } from '../../../../test/support/fake-backend/fake-backend.js';
import { Gate, waitFor } from '../../../../test/support/wait-for.js';
import { EngineStoppedError } from '../../../compute/engine-stopped.error.js';
import { type RankMemory } from '../../../domain/rank-memory.js';
import { MemoryReader } from './memory-reader.js';

const RANKS = [{ rank: 0, host: 'gpu-1', processBytes: 5, gpu: { heldBytes: 3, totalBytes: 8 } }];

/** An engine that answers when it is let, or has ended. */
class SlowBackend extends FakeBackend {
  asked = 0;
  isGone = false;
  readonly gate = new Gate();

  override async measureRanks(): Promise<readonly RankMemory[]> {
    this.asked++;
    if (this.isGone) throw new EngineStoppedError('it was stopped');
    await this.gate.passed;
    return RANKS;
  }
}

describe('the memory of a worker', () => {
  it('does not wait for the engine, and asks it once at a time', async () => {
    const backend = new SlowBackend();
    const reader = new MemoryReader(backend);
    const first = reader.read();
    expect(first.ranks).toEqual([]);
    expect(first.totalBytes).toBe(totalmem());
    expect(first.processBytes).toBeGreaterThan(1e6);
    reader.read();
    expect(backend.asked).toBe(1);
    backend.gate.open();
    await waitFor('the answer', () => reader.read().ranks.length === 1);
    expect(reader.read().ranks).toEqual(RANKS);
  });

  it('forgets the ranks of an engine that has ended', async () => {
    const backend = new SlowBackend();
    const reader = new MemoryReader(backend);
    backend.gate.open();
    await waitFor('the answer', () => reader.read().ranks.length === 1);
    backend.isGone = true;
    await waitFor('that they are gone', () => reader.read().ranks.length === 0);
  });
});
