import { describe, expect, it } from 'vitest';
import { type Change, changesToStep, currentTimeline } from './timeline.js';

/** Steps by position; `5 <- 2` is a rewind at 5 to position 2. */
const changes = (...texts: string[]): Change[] =>
  texts.map((text) => {
    const [position = 0, target = null] = text.split(' <- ').map(Number);
    const kind = target === null ? 'optim_step' : 'rewind_adapter';
    return { requestId: `future_${position}`, position, kind, step: target ?? position, target };
  });
const positions = (...texts: string[]) => currentTimeline(changes(...texts)).map(({ position }) => position);

describe('currentTimeline', () => {
  it('is everything while nothing was rewound', () => {
    expect(positions()).toEqual([]);
    expect(positions('1', '2', '3')).toEqual([1, 2, 3]);
  });

  it('leaves out what a rewind has undone', () => {
    expect(positions('1', '2', '3', '4', '5 <- 2', '6')).toEqual([1, 2, 5, 6]);
    expect(positions('1', '2', '3 <- 2')).toEqual([1, 2, 3]);
  });

  it('follows rewinds to a position that an earlier rewind has left out', () => {
    expect(positions('1', '2', '3', '4', '5 <- 2', '6', '7 <- 4', '8')).toEqual([1, 2, 3, 4, 7, 8]);
  });

  it('follows a rewind to a rewind', () => {
    expect(positions('1', '2', '3', '4 <- 2', '5', '6 <- 4', '7')).toEqual([1, 2, 4, 6, 7]);
  });
});

describe('changesToStep', () => {
  it('finds each change that led to the step, but no rewind', () => {
    const timeline = currentTimeline(changes('1', '2', '3', '4 <- 2'));
    expect(changesToStep(timeline, 2).map(({ position }) => position)).toEqual([2]);
    expect(changesToStep(timeline, 3)).toEqual([]);
    const loaded: Change = { requestId: 'future_9', position: 9, kind: 'load_weights', step: 2, target: null };
    expect(changesToStep([...timeline, loaded], 2).map(({ position }) => position)).toEqual([2, 9]);
  });
});
