import { expect, it } from 'vitest';
import { type AdapterTensors } from '../../../domain/adapter/adapter-state.js';
import { hostTensor } from '../../graph/program.js';
import { AdapterStacks, fromStack } from './adapter-stacks.js';

const A = 'x.lora_A.weight';
const B = 'x.lora_B.weight';

/** A [rank, 2] and B [3, rank] of numbers from `start`. */
function adapter(rank: number, start: number): AdapterTensors {
  const numbers = (length: number, from: number) => Float32Array.from({ length }, (_, i) => from + i);
  return new Map([
    [A, { shape: [rank, 2], data: numbers(2 * rank, start) }],
    [B, { shape: [3, rank], data: numbers(3 * rank, start + 50) }],
  ]);
}

it('stacks matrices with zeros up to a common rank', () => {
  const feeds = new Map(new AdapterStacks().feeds([adapter(1, 1), adapter(2, 101)], 2));
  expect(feeds.get(A)!.shape).toEqual([2, 2, 2]);
  expect([...feeds.get(A)!.data]).toEqual([1, 2, 0, 0, 101, 102, 103, 104]);
  expect(feeds.get(B)!.shape).toEqual([2, 3, 2]);
  expect([...feeds.get(B)!.data]).toEqual([51, 0, 52, 0, 53, 0, 151, 152, 153, 154, 155, 156]);
});

it('holds what was asked for last, whatever was in a place before', () => {
  const stacks = new AdapterStacks();
  const [small, large] = [adapter(1, 1), adapter(2, 101)];
  stacks.feeds([large, large, small], 2);
  const feeds = new Map(stacks.feeds([small, large], 2));
  const anew = new Map(new AdapterStacks().feeds([small, large], 2));
  for (const name of [A, B]) expect([...feeds.get(name)!.data]).toEqual([...anew.get(name)!.data]);
});

it('copies weights again only when they have changed', () => {
  const stacks = new AdapterStacks();
  const weights = adapter(2, 1);
  const feeds = new Map(stacks.feeds([weights], 2));
  feeds.get(A)!.data[0] = -1;
  expect(new Map(stacks.feeds([weights], 2)).get(A)!.data[0]).toBe(-1);
  expect(new Map(stacks.feeds([adapter(2, 1)], 2)).get(A)!.data[0]).toBe(1);
});

it('gives each adapter its own out of a stack', () => {
  const adapters = [adapter(1, 1), adapter(2, 101)];
  const feeds = new Map(new AdapterStacks().feeds(adapters, 2));
  adapters.forEach((own, place) => {
    for (const [name, tensor] of own) {
      const { data, shape } = feeds.get(name)!;
      const found = fromStack(hostTensor(data, shape), place, tensor);
      expect(found).toEqual(tensor);
      expect(found.data.buffer).not.toBe(data.buffer);
    }
  });
});
