import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { KeptReading } from './kept-reading.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('reads once for all that ask within its time, and again after it', async () => {
  let reads = 0;
  const reading = new KeptReading(() => Promise.resolve(++reads), 5000);
  expect(await Promise.all([reading.value(), reading.value()])).toEqual([1, 1]);
  vi.advanceTimersByTime(4999);
  expect(await reading.value()).toBe(1);
  vi.advanceTimersByTime(2);
  expect(await reading.value()).toBe(2);
});

it('knows nothing while its source fails', async () => {
  const outcomes = [Promise.reject(new Error('away')), Promise.resolve('back')];
  outcomes[0]!.catch(() => undefined);
  const reading = new KeptReading(() => outcomes.shift()!, 5000);
  expect(await reading.value()).toBeNull();
  vi.advanceTimersByTime(5001);
  expect(await reading.value()).toBe('back');
});

it('does not wait for a slow source, nor asks it twice', async () => {
  let reads = 0;
  let answer: (value: string) => void = () => undefined;
  const read = () => new Promise<string>((resolve) => ((answer = resolve), reads++));
  const reading = new KeptReading(read, 100);
  const early = reading.value();
  await vi.advanceTimersByTimeAsync(1000);
  expect(await early).toBeNull();
  const late = reading.value();
  answer('at last');
  expect(await late).toBe('at last');
  expect(reads).toBe(1);
});
