import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatNumber, formatTime } from './format.js';

describe('formatDuration', () => {
  it.each([
    [0, '0s'],
    [8.4, '8s'],
    [200, '3m 20s'],
    [3600, '1h'],
    [3_905, '1h 5m'],
    [90_000, '1d 1h'],
    [86_400 + 59, '1d'],
    [Infinity, '?'],
  ])('%d seconds are %s', (seconds, text) => expect(formatDuration(seconds)).toBe(text));
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [1_440_000, '1.4 MB'],
    [5e15, '5000.0 TB'],
  ])('%d are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

describe('formatNumber', () => {
  it.each([
    [12, '12'],
    [1.23456, '1.235'],
    [0.5, '0.5'],
    [0.00012345, '1.23e-4'],
    [1234567.8, '1.23e+6'],
    [null, '-'],
    [undefined, '-'],
  ])('%s is %s', (value, text) => expect(formatNumber(value)).toBe(text));
});

it('shows times to the minute', () => {
  expect(formatTime(new Date(2026, 10, 29, 7, 5))).toBe('2026-11-29 07:05');
});
