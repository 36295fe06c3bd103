import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const WEIGHTS = path.join(import.meta.dirname, '..', 'fixtures', 'models', 'llama');
const FIRST_CHARACTER = 32;

/** Token ids that requests may use. */
export const TOKENS = { first: 3, last: 96 };

/**
 * Makes a folder with a base model whose steps take milliseconds: two layers of the fixtures with a tokenizer of single
 * characters. Its name is that of the folder.
 */
export function makeSmallModel(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const file of ['config.json', 'model.safetensors']) cpSync(path.join(WEIGHTS, file), path.join(folder, file));
  const special = ['<pad>', '<s>', '</s>'];
  const characters = Array.from({ length: TOKENS.last - TOKENS.first + 1 }, (_, i) =>
    String.fromCharCode(FIRST_CHARACTER + i),
  );
  const vocab = Object.fromEntries([...special, ...characters].map((text, id) => [text, id]));
  const added = special.map((content, id) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }));
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
    model: { type: 'BPE', vocab, merges: [] },
  };
  const config = { tokenizer_class: 'PreTrainedTokenizerFast', bos_token: '<s>', eos_token: '</s>' };
  writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(config));
  return folder;
}
