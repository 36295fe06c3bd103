import { describe, expect, it, vi } from 'vitest';
import { makeBaseModel } from '../../../../test/support/service/api-base-model.js';
import { NotFoundError } from '../../../common/errors/request.errors.js';
import { type TrainingSettings } from '../plan/training-settings.js';
import { JobRows } from './job-rows.js';
import { KeptSequences } from './kept-sequences.js';

describe('JobRows', () => {
  it('reads a row once, and gives rows in the order in which they are asked for', async () => {
    const { rows, file } = open(['a', 'b', 'c', 'd']);
    expect(await textsOf(rows, [0, 1, 2])).toEqual(['a', 'b', 'c']);
    expect(await textsOf(rows, [3, 1, 0])).toEqual(['d', 'b', 'a']);
    expect(await textsOf(rows, [2, 3])).toEqual(['c', 'd']);
    expect(file.read.mock.calls).toEqual([[[0, 1, 2]], [[3]]]);
  });

  it('names the first row that is wrong', async () => {
    const { rows } = open(['a', 'x'.repeat(64), 'y'.repeat(65)]);
    await expect(textsOf(rows, [0, 1, 2])).rejects.toThrow(/^line 1 of rows\.jsonl is 66 tokens long/);
  });

  it('notices that a file was deleted all of whose rows are known', async () => {
    const { rows, files } = open(['a', 'b']);
    await textsOf(rows, [0, 1]);
    files.trainingFile.mockRejectedValue(new NotFoundError('File', 'file-1'));
    await expect(textsOf(rows, [1])).rejects.toMatchObject({ code: 'file_deleted' });
  });
});

describe('KeptSequences', () => {
  it('keeps what there is room for', () => {
    const kept = new KeptSequences(5);
    const sequence = (length: number) => [{ tokens: new Int32Array(length), weights: new Float32Array(length) }];
    [3, 3, 2].forEach((length, row) => kept.keep(row, sequence(length)));
    expect([0, 1, 2].map((row) => kept.get(row)?.[0]?.tokens.length)).toEqual([3, undefined, 2]);
  });
});

/** A job on a file of these completions. */
function open(completions: readonly string[]) {
  const exampleOf = (row: number) => ({ kind: 'completion', prompt: '>', completion: completions[row] ?? '' }) as const;
  const file = {
    filename: 'rows.jsonl',
    read: vi.fn((rows: readonly number[]) => Promise.resolve(rows.map(exampleOf))),
    locations: (rows: readonly number[]) => Promise.resolve(rows.map((row) => `line ${row}`)),
  };
  const files = { trainingFile: vi.fn(() => Promise.resolve(file)) };
  const settings = { truncate: false } as TrainingSettings;
  const job = { owner: '', trainingFile: 'file-1', validationFile: null, settings };
  return { rows: new JobRows(job, makeBaseModel(), files), file, files };
}

async function textsOf(rows: JobRows, wanted: readonly number[]): Promise<string[]> {
  const sequences = await rows.sequences({ file: 'training', rows: wanted });
  return sequences.map(({ tokens }) => String.fromCharCode(...tokens.subarray(1, -1)));
}
