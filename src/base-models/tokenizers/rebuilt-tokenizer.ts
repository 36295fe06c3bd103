import { type TokenizerClass } from './tokenizer-class.js';
import { isObject, type Json, type TokenizerFiles } from './tokenizer-files.js';

/** Qwen2's words and numbers, from transformers. */
const QWEN2_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" +
  '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const SPACES = { type: 'Replace', pattern: { String: '▁' }, content: ' ' };
const byteLevel = (addPrefixSpace: boolean, useRegex: boolean): Json => ({
  type: 'ByteLevel',
  add_prefix_space: addPrefixSpace,
  trim_offsets: true,
  use_regex: useRegex,
});

/**
 * The tokenizer.json that the class works with. All but `as-is` keep the vocabulary, the merges and the post-processor
 * and set the rest themselves, as transformers 5.24 does; tokens are added afterwards, so none are left in it.
 * @throws Error when the model is not of the kind that the class is for
 */
export function definitionFor(kind: TokenizerClass, { definition, config }: TokenizerFiles): Json {
  if (kind === 'as-is') return definition;
  const model = definition['model'];
  if (!isObject(model) || model['type'] !== 'BPE') throw new Error(`tokenizer_class ${kind} is for BPE models`);
  const unknown = config['unk_token'];
  const parts = partsOf(kind, config, typeof unknown === 'string' ? unknown : '<unk>');
  const blank = {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
  };
  const { model: traits, ...steps } = parts;
  return {
    ...definition,
    added_tokens: [],
    normalizer: null,
    ...steps,
    model: { ...blank, ...traits, vocab: model['vocab'], merges: model['merges'] },
  };
}

interface Parts {
  readonly model: Json;
  readonly pre_tokenizer: Json;
  readonly decoder: Json;
  readonly normalizer?: Json;
}

function partsOf(kind: Exclude<TokenizerClass, 'as-is'>, config: Json, unknown: string): Parts {
  const prefixSpace = config['add_prefix_space'] ?? null;
  switch (kind) {
    case 'LlamaTokenizer':
      return llama(prefixSpace === null || prefixSpace === true, config['legacy'] === true);
    case 'Qwen2Tokenizer':
      return {
        model: {},
        normalizer: { type: 'NFC' },
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Split', pattern: { Regex: QWEN2_WORDS }, behavior: 'Isolated', invert: false },
            byteLevel(prefixSpace === true, false),
          ],
        },
        decoder: byteLevel(true, true),
      };
    case 'GPT2Tokenizer':
      return { model: {}, pre_tokenizer: byteLevel(prefixSpace === true, true), decoder: byteLevel(true, true) };
    case 'GemmaTokenizer':
      return {
        model: { fuse_unk: true, byte_fallback: true, unk_token: unknown },
        normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
        decoder: { type: 'Sequence', decoders: [SPACES, { type: 'ByteFallback' }, { type: 'Fuse' }] },
      };
  }
}

/** `legacy`: every text between special tokens gets a space in front, not only the first. */
function llama(prefixSpace: boolean, legacy: boolean): Parts {
  const scheme = prefixSpace ? (legacy ? 'always' : 'first') : 'never';
  const strip = { type: 'Strip', content: ' ', start: 1, stop: 0 };
  return {
    model: { fuse_unk: true, byte_fallback: true },
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: scheme, split: false },
    decoder: {
      type: 'Sequence',
      decoders: [SPACES, { type: 'ByteFallback' }, { type: 'Fuse' }, ...(prefixSpace ? [strip] : [])],
    },
  };
}
