import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HfChatTokenizer } from '../../src/base-models/tokenizers/hf-chat-tokenizer.js';
import { readChatTemplates, type Json } from '../../src/base-models/tokenizers/tokenizer-files.js';
import { readSpecialTokens, addedTokensOf, tokenOf } from '../../src/base-models/tokenizers/special-tokens.js';
import { tokenizerClassOf } from '../../src/base-models/tokenizers/tokenizer-class.js';

/** Folders of every make, and what AutoTokenizer makes of them (test/numerics/make-real-tokenizer-fixtures.py). */
interface FolderCase {
  readonly name: string;
  readonly base: string;
  /** What is changed in the tokenizer.json of `base`. */
  readonly patch: Json;
  readonly files: Readonly<Record<string, unknown>>;
  /** transformers cannot load it, or cannot encode with it. */
  readonly fails?: string;
  readonly class: string;
  /** Largest id + 1. */
  readonly size: number;
  readonly named: Readonly<Record<string, string>>;
  /** The chat template for conversations without tools, and with them. */
  readonly templates: readonly [string | null, string | null];
  /** Per text: ids with special tokens, ids without, the first as text, and without its special tokens. */
  readonly results: readonly (readonly [number[], number[], string, string])[];
}

const fixtures = new URL('../fixtures/tokenizers/', import.meta.url);
const { texts, folders } = JSON.parse(readFileSync(new URL('folders.json', fixtures), 'utf8')) as {
  texts: string[];
  folders: FolderCase[];
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function write({ base, patch, files }: FolderCase): Promise<Json> {
  const given = JSON.parse(readFileSync(new URL(`${base}/tokenizer.json`, fixtures), 'utf8')) as Json;
  const definition = { ...given, ...patch };
  for (const [name, content] of Object.entries({ 'tokenizer.json': definition, ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return definition;
}

async function resultsOf(tokenizer: HfChatTokenizer, text: string): Promise<FolderCase['results'][number]> {
  const ids = await tokenizer.encode(text);
  const plain = await tokenizer.encode(text, { addSpecialTokens: false });
  const decoded = await tokenizer.decode(ids);
  return [[...ids], [...plain], decoded, await tokenizer.decode(ids, { skipSpecialTokens: true })];
}

describe.each(['byte-level', 'metaspace'])('a folder with the %s tokenizer is read as transformers does', (base) => {
  it.each(folders.filter((one) => one.base === base && one.fails === undefined))('$name', async (one) => {
    await write(one);
    const tokenizer = await HfChatTokenizer.load(folder, 'it');
    expect(tokenizer.vocabSize).toBe(one.size);
    const results = await Promise.all(texts.map((text) => resultsOf(tokenizer, text)));
    expect(results).toEqual(one.results);
  });

  it.each(folders.filter((one) => one.base === base && one.fails !== undefined))('$name, which fails', async (one) => {
    await write(one);
    const work = async () => {
      const tokenizer = await HfChatTokenizer.load(folder, 'it');
      for (const text of texts) await tokenizer.encode(text);
    };
    await expect(work()).rejects.toThrow();
  });
});

it.each(folders.filter((one) => one.fails === undefined))('special tokens by name: $base, $name', async (one) => {
  const definition = await write(one);
  const file = (name: string) => (one.files[name] ?? {}) as Json;
  const files = {
    definition,
    config: file('tokenizer_config.json'),
    model: file('config.json'),
    generation: null,
    specialTokensMap: file('special_tokens_map.json'),
    addedTokens: file('added_tokens.json'),
  };
  const kind = tokenizerClassOf(files);
  expect(kind === 'as-is' ? 'TokenizersBackend' : kind).toBe(one.class);
  expect(readSpecialTokens(files, kind, addedTokensOf(definition).map(tokenOf)).named).toEqual(one.named);
});

it.each(folders.filter((one) => one.templates?.some((template) => template !== null)))(
  'the chat template: $name',
  async (one) => {
    await write(one);
    const templates = await readChatTemplates(folder, one.files['tokenizer_config.json'] as Json, 'it');
    const usual = templates.get('default') ?? null;
    expect([usual, templates.get('tool_use') ?? usual]).toEqual(one.templates);
  },
);
