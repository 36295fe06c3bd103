import { expect, it } from 'vitest';
import { type AdapterTensors } from '../../../domain/adapter/adapter-state.js';
import { hostTensor } from '../../graph/program.js';
import { AdapterStacks, fromStack, stackedShapes } from './adapter-stacks.js';

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

const SHAPES = stackedShapes(adapter(1, 0), 2);

it('stacks matrices with zeros up to a common rank', () => {
  const feeds = new Map(new AdapterStacks().feeds([adapter(1, 1), adapter(2, 101)], SHAPES));
  expect(feeds.get(A)!.shape).toEqual([2, 2, 2]);
  expect([...feeds.get(A)!.data]).toEqual([1, 2, 0, 0, 101, 102, 103, 104]);
  expect(feeds.get(B)!.shape).toEqual([2, 3, 2]);
  expect([...feeds.get(B)!.data]).toEqual([51, 0, 52, 0, 53, 0, 151, 152, 153, 154, 155, 156]);
});

it('holds what was asked for last, whatever was in a slot before', () => {
  const stacks = new AdapterStacks();
  const [small, large] = [adapter(1, 1), adapter(2, 101)];
  stacks.feeds([large, large, small], SHAPES);
  const feeds = new Map(stacks.feeds([small, large], SHAPES));
  const anew = new Map(new AdapterStacks().feeds([small, large], SHAPES));
  for (const name of [A, B]) expect([...feeds.get(name)!.data]).toEqual([...anew.get(name)!.data]);
});

it('has zeros for the base model, and where an adapter has no LoRA', () => {
  const stacks = new AdapterStacks();
  const [whole] = [adapter(2, 1)];
  stacks.feeds([whole, whole, whole], SHAPES);
  const half = new Map([...whole].slice(0, 1));
  const feeds = new Map(stacks.feeds([half, null, whole], SHAPES));
  expect([...feeds.get(A)!.data]).toEqual([1, 2, 3, 4, 0, 0, 0, 0, 1, 2, 3, 4]);
  expect([...feeds.get(B)!.data]).toEqual([...new Array<number>(12).fill(0), 51, 52, 53, 54, 55, 56]);
});

it('copies weights again only when they have changed', () => {
  const stacks = new AdapterStacks();
  const weights = adapter(2, 1);
  const feeds = new Map(stacks.feeds([weights], SHAPES));
  feeds.get(A)!.data[0] = -1;
  expect(new Map(stacks.feeds([weights], SHAPES)).get(A)!.data[0]).toBe(-1);
  expect(new Map(stacks.feeds([adapter(2, 1)], SHAPES)).get(A)!.data[0]).toBe(1);
});

it('gives each adapter its own out of a stack', () => {
  const adapters = [adapter(1, 1), adapter(2, 101)];
  const feeds = new Map(new AdapterStacks().feeds(adapters, SHAPES));
  adapters.forEach((own, slot) => {
    for (const [name, tensor] of own) {
      const { data, shape } = feeds.get(name)!;
      const found = fromStack(hostTensor(data, shape), slot, tensor);
      expect(found).toEqual(tensor);
      expect(found.data.buffer).not.toBe(data.buffer);
    }
  });
});
