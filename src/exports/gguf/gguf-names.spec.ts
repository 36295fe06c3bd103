import { describe, expect, it } from 'vitest';
import { type ModelConfig } from '../../domain/model/model-config.js';
import { architectureOf } from './gguf-names.js';

const sizes = {
  vocabSize: 100,
  hiddenSize: 64,
  intermediateSize: 96,
  layerCount: 2,
  headCount: 4,
  kvHeadCount: 2,
  headDim: 16,
  contextLength: 128,
  tiedEmbeddings: false,
};

describe('the architecture in GGUF', () => {
  it.each<[ModelConfig, string]>([
    [{ ...sizes, family: 'mistral', headDim: 32 }, 'llama'],
    [{ ...sizes, family: 'qwen2' }, 'qwen2'],
    [{ ...sizes, family: 'qwen3', headDim: 32 }, 'qwen3'],
  ])('of $family', (config, expected) => {
    expect(architectureOf(config)).toBe(expected);
  });

  it.each<[ModelConfig, string]>([
    [{ ...sizes, family: 'gemma3_text' }, 'family gemma3_text cannot be exported as GGUF here'],
    [{ ...sizes, family: 'qwen2', headDim: 32 }, '4 heads of 32 dimensions are not 64'],
  ])('of $family with other sizes is none', (config, message) => {
    expect(() => architectureOf(config)).toThrow(message);
  });
});
