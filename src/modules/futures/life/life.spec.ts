import { expect, it } from 'vitest';
import { type OperationStatus } from '../../../domain/operation.js';
import { lifeOf } from './life.js';

const createdAt = new Date(1000);
const startedAt = new Date(2000);
const finishedAt = new Date(3000);

function life(status: OperationStatus, attempts: number, dates: { startedAt?: Date; finishedAt?: Date } = {}) {
  const row = { status, attempts, createdAt, startedAt: null, finishedAt: null, ...dates };
  return lifeOf(row).map(({ id, name }) => [id, name]);
}

it('tells what has happened until now, with ids that a later look repeats', () => {
  expect(life('pending', 0)).toEqual([[0, 'queued']]);
  expect(life('running', 1)).toEqual([
    [0, 'queued'],
    [5, 'claimed'],
  ]);
  expect(life('running', 1, { startedAt })).toEqual([...life('running', 1), [6, 'running']]);
  expect(life('completed', 1, { startedAt, finishedAt })).toEqual([
    ...life('running', 1, { startedAt }),
    [7, 'completed'],
  ]);
});

it('tells of a return to the queue, and of the claim after it, by larger ids', () => {
  expect(life('pending', 1)).toEqual([
    [0, 'queued'],
    [4, 'queued'],
  ]);
  expect(life('running', 2, { startedAt }).at(-1)).toEqual([10, 'running']);
});

it('tells of an operation that fails without having run', () => {
  expect(life('failed', 0, { finishedAt })).toEqual([
    [0, 'queued'],
    [3, 'failed'],
  ]);
});
