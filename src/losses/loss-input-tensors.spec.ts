import { describe, expect, it } from 'vitest';
import { type LossInputSpec, type LossMetadata, TARGET_TOKENS } from './loss-function.js';
import { readLossInputs } from './loss-input-tensors.js';

const PAIR: LossInputSpec = { name: 'pair', dtype: 'float', per: 'datum', required: true, description: '' };
const loss: LossMetadata = { name: 'mine', description: '', inputs: [TARGET_TOKENS, PAIR], config: [] };
const read = (pair: unknown) =>
  readLossInputs([{ target_tokens: [1, 2], pair }], Int32Array.of(0, 2), {
    loss,
    knownInputs: ['target_tokens', 'pair'],
    vocabSize: 10,
  });

describe('one number for a datum', () => {
  it.each([[[7]], [{ data: [7] }], [{ data: [7], shape: [] }], [{ data: [7], shape: [1] }]])('is read: %j', (pair) => {
    expect(read(pair)['pair']).toMatchObject({ data: Float32Array.of(7), trailingShape: [] });
  });

  it('of another length or shape is refused as such, not as one per token', () => {
    expect(() => read([7, 7])).toThrow(/^data\[0\]\S+pair has 2 numbers, but must have 1\. It is one number for the/);
    expect(() => read({ data: [7], shape: [2] })).toThrow(
      /pair\.shape is not the shape of a single number\. It is one number/,
    );
    expect(() => read({ data: [7, 7], shape: [1] })).toThrow(/pair\.data has 2 numbers.* It is one number/);
  });

  it('is asked for in a list', () => {
    expect(() => read(7)).toThrow(/pair must be an object, but is 7\. It is one number for the datum: send \[number\]/);
  });

  it('that is missing is asked for without a description that is not there', () => {
    expect(() => read(undefined)).toThrow(/pair is missing\. This loss requires it\.$/);
  });
});
