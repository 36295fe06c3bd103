import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HfChatTokenizer } from '../../src/base-models/tokenizers/hf-chat-tokenizer.js';
import { putRealTokenizer, realTokenizersUnavailable } from '../support/models/real-tokenizers.js';

/** What AutoTokenizer makes of the texts with real tokenizers (test/numerics/make-real-tokenizer-fixtures.py). */
interface Reference {
  readonly name: string;
  readonly package: string;
  readonly model_type: string;
  /** What is changed in tokenizer_config.json. */
  readonly changes: Readonly<Record<string, unknown>>;
  readonly size: number;
  /** Ids of texts 5 to 11, so that a difference can be looked at. */
  readonly first: readonly number[][];
  /** A hash per text, and one per list of ids that is decoded. */
  readonly texts: readonly string[];
  readonly ids: readonly string[];
}

const fixtures = new URL('../fixtures/tokenizers/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, fixtures), 'utf8'));
const texts = read('texts.json') as string[];
const { tokenizers } = read('real.json') as { tokenizers: Reference[] };

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);

/** As the script draws them. */
const idList = (row: number, size: number) =>
  Array.from({ length: 24 }, (_, k) => Number((2654435761n * BigInt(24 * row + k + 1)) % BigInt(size)));

async function resultsOf(tokenizer: HfChatTokenizer, text: string): Promise<unknown> {
  const ids = await tokenizer.encode(text);
  const plain = await tokenizer.encode(text, { addSpecialTokens: false });
  const decoded = await tokenizer.decode(ids);
  return [[...ids], [...plain], decoded, await tokenizer.decode(ids, { skipSpecialTokens: true })];
}

const suffix = realTokenizersUnavailable ? ` (${realTokenizersUnavailable})` : '';

describe.skipIf(realTokenizersUnavailable).each(tokenizers)(`the real tokenizer $name${suffix}`, (reference) => {
  let folder: string;
  let tokenizer: HfChatTokenizer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
    await putRealTokenizer(folder, reference.package, { ...reference.changes, chat_template: null });
    await writeFile(join(folder, 'config.json'), JSON.stringify({ model_type: reference.model_type }));
    tokenizer = await HfChatTokenizer.load(folder, reference.name);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('has as many ids', () => expect(tokenizer.vocabSize).toBe(reference.size));

  it('gives the same ids, and the same texts back', async () => {
    for (const [i, ids] of reference.first.entries()) expect([...(await tokenizer.encode(texts[5 + i]!))]).toEqual(ids);
    const different: string[] = [];
    for (const [i, text] of texts.entries()) {
      if (digest(await resultsOf(tokenizer, text)) !== reference.texts[i]) different.push(text);
    }
    expect(different).toEqual([]);
  });

  it('gives the same text for ids in any order', async () => {
    const digests = reference.ids.map(async (_, row) => {
      const ids = idList(row, reference.size);
      return digest([await tokenizer.decode(ids), await tokenizer.decode(ids, { skipSpecialTokens: true })]);
    });
    expect(await Promise.all(digests)).toEqual(reference.ids);
  });

  it('covers the whole text with its tokens', async () => {
    // Where characters are composed first (NFC), the library counts the first of them only.
    for (const text of texts.filter((one) => one === one.normalize('NFC'))) {
      const { offsets } = await tokenizer.encodeWithOffsets(text, { addSpecialTokens: false });
      let reached = 0;
      for (const end of offsets.filter((_, i) => i % 2 === 1)) reached = Math.max(reached, end);
      expect(reached).toBe(text.length);
    }
  });
});
