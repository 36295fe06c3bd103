import { expect, it } from 'vitest';
import { ReusedBuffer } from './reused-buffer.js';

it('grows with what is needed, and stays as it is for less', () => {
  const memory = new ReusedBuffer();
  const first = memory.take(100);
  expect(first.byteLength).toBe(100);
  expect(memory.take(30)).toBe(first);
  expect(memory.take(200).byteLength).toBe(200);
});

it('shrinks when runs have needed at most half of it for long, to what the largest of them needed', () => {
  const memory = new ReusedBuffer();
  memory.take(1000);
  const sizes = Array.from({ length: 15 }, (_, i) => memory.take(i === 7 ? 300 : 100).byteLength);
  expect(new Set(sizes)).toEqual(new Set([1000]));
  expect(memory.take(100).byteLength).toBe(300);
});

it('does not shrink where it is needed now and then', () => {
  const memory = new ReusedBuffer();
  const first = memory.take(1000);
  for (let i = 0; i < 100; i++) expect(memory.take(i % 15 === 0 ? 900 : 100)).toBe(first);
});
