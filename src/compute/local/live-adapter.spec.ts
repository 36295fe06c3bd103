import { describe, expect, it } from 'vitest';
import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { freshState } from '../numerics/adapter-tensors.js';
import { LiveAdapter } from './live-adapter.js';

const lora = { rank: 2, alpha: 4, dropout: 0, targetModules: ['q_proj'], rsLora: false, seed: 1 } as const;
const adapterOf = () => new LiveAdapter('a', 'base', lora, freshState(new Map()));

describe('LiveAdapter.change', () => {
  it('makes one change after another, each from what the one before has made', async () => {
    const adapter = adapterOf();
    let finish = (): void => undefined;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const counted = async ({ step, ...state }: AdapterState) => [{ ...state, step: step + 1 }, step] as const;
    const first = adapter.change(async (state) => {
      await slow;
      return counted(state);
    });
    const second = adapter.change(counted);
    expect(adapter.state.step).toBe(0);
    finish();
    expect(await Promise.all([first, second])).toEqual([0, 1]);
    expect(adapter.state.step).toBe(2);
  });

  it('keeps the state when a change fails, and goes on', async () => {
    const adapter = adapterOf();
    const before = adapter.state;
    await expect(adapter.change(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(adapter.state).toBe(before);
    expect(await adapter.change(async (state) => [state, 'next'])).toBe('next');
  });
});
