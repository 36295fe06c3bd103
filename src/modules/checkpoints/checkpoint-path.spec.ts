import { describe, expect, it } from 'vitest';
import { formatCheckpointPath } from '../../domain/checkpoint-path.js';
import { checkCheckpointName, parseCheckpointPath } from './checkpoint-path.js';

describe('checkpoint paths', () => {
  it.each([
    ['tinker://my-model/weights/step-10', { modelId: 'my-model', kind: 'training', name: 'step-10' }],
    ['tinker://a:train:0/sampler_weights/x', { modelId: 'a:train:0', kind: 'sampler', name: 'x' }],
    ['tinker://a/external_weights/x', { modelId: 'a', kind: 'external', name: 'x' }],
  ])('read and write %s', (text, path) => {
    expect(parseCheckpointPath(text, 'path')).toEqual(path);
    expect(formatCheckpointPath(parseCheckpointPath(text, 'path'))).toBe(text);
  });

  it.each([
    'tinker://',
    'tinker://a',
    'tinker://a/weights',
    'tinker:///weights/x',
    'tinker://a/weights/x/y',
    'tinker://a/weights/..',
    'tinker://a/constructor/x',
    'tinker://a\0b/weights/x',
    'tinker://a\ud800/weights/x',
    `tinker://${'a'.repeat(10_000)}/weights/x`,
    'file:///etc/passwd',
    'step-10',
  ])('refuse %s', (text) => {
    expect(() => parseCheckpointPath(text, 'path')).toThrow(/path/);
  });

  it.each(['', '.', '..', '.x', 'a/b', 'a\\b', 'a\0b', 'a b', 'x'.repeat(129)])('refuse the name %j', (name) => {
    expect(() => checkCheckpointName(name, 'name')).toThrow(/is not a valid checkpoint name/);
  });
});
