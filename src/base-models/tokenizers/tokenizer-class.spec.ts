import { describe, expect, it } from 'vitest';
import { refuseOtherSettings, tokenizerClassOf } from './tokenizer-class.js';
import { type TokenizerFiles } from './tokenizer-files.js';

const filesOf = (parts: Partial<TokenizerFiles>) =>
  ({ config: {}, definition: {}, model: {}, ...parts }) as TokenizerFiles;

describe('tokenizers that transformers loads in a way of its own', () => {
  it.each([
    ['a class that builds another tokenizer', { config: { tokenizer_class: 'T5TokenizerFast' } }, 'T5Tokenizer'],
    ['such a class in config.json', { model: { tokenizer_class: 'CohereTokenizer' } }, 'CohereTokenizer'],
    ['code of its own', { config: { auto_map: { AutoTokenizer: ['tokenization_x.XTokenizer', null] } } }, 'auto_map'],
  ])('are refused for %s, which is named', (_, parts, name) => {
    expect(() => tokenizerClassOf(filesOf(parts))).toThrow(name);
  });

  it.each([
    [{ split_special_tokens: true }, 'split_special_tokens'],
    [{ fix_mistral_regex: true }, 'fix_mistral_regex'],
    [{ fast_tokenizer_files: ['tokenizer.json', 'tokenizer.4.0.0.json'] }, 'fast_tokenizer_files'],
    [{ clean_up_tokenization_spaces: true }, 'clean_up_tokenization_spaces'],
  ])('are refused for %j, which is named', (config, name) => {
    expect(() => refuseOtherSettings(filesOf({ config }))).toThrow(name);
  });

  it('are taken where these settings change nothing', () => {
    const config = {
      split_special_tokens: false,
      fast_tokenizer_files: ['tokenizer.json'],
      clean_up_tokenization_spaces: true,
    };
    expect(() => refuseOtherSettings(filesOf({ config, definition: { model: { type: 'BPE' } } }))).not.toThrow();
    expect(tokenizerClassOf(filesOf({ config: { tokenizer_class: 'PreTrainedTokenizerFast' } }))).toBe('as-is');
  });
});
