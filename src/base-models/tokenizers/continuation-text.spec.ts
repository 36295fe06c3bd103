import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ContinuationText } from './continuation-text.js';
import { HfChatTokenizer } from './hf-chat-tokenizer.js';
import { TextStream } from '../../modules/generation/streaming/text-stream.js';

const metaspace = fileURLToPath(new URL('../../../test/fixtures/tokenizers/metaspace/tokenizer.json', import.meta.url));

interface Definition {
  readonly model: { readonly vocab: Record<string, number> };
}

let folder: string;
let tokenizer: HfChatTokenizer;
let vocab: Readonly<Record<string, number>>;

/** Llama 2's kind: the decoder takes off the first space, and characters may come byte by byte. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  const definition = JSON.parse(await readFile(metaspace, 'utf8')) as Definition;
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(definition));
  ({ vocab } = definition.model);
  tokenizer = await HfChatTokenizer.load(folder, 'it');
});
afterAll(() => rm(folder, { recursive: true }));

const decode = (tokens: readonly number[]) => tokenizer.decode(tokens, { skipSpecialTokens: true });
const idsOf = (...tokens: string[]) => tokens.map((token) => vocab[token] ?? NaN);

async function streamed(prompt: Int32Array, tokens: readonly number[], stops: string[] = []): Promise<string> {
  const { context } = await ContinuationText.after(prompt, decode);
  const stream = new TextStream(decode, new Set(), stops, { context, isByte: (token) => tokenizer.isByte(token) });
  let text = '';
  for (const token of tokens) text += await stream.push(token);
  return text + stream.finish(await (await ContinuationText.after(prompt, decode)).of(tokens));
}

describe('ContinuationText', () => {
  it('keeps the first space of a continuation, which decoding it alone would take', async () => {
    const prompt = await tokenizer.encode('The cat');
    const tokens = idsOf('▁', 's', '▁', 'a');
    expect(await decode(tokens)).toBe('s a');
    const continuation = await ContinuationText.after(prompt, decode);
    expect(await continuation.of(tokens)).toBe(' s a');
    expect(await streamed(prompt, tokens)).toBe(' s a');
    expect(await streamed(prompt, tokens, [' z'])).toBe(' s a');
  });

  it('takes it after a prompt without any text, as transformers does', async () => {
    const continuation = await ContinuationText.after(Int32Array.from(idsOf('<s>')), decode);
    expect(await continuation.of(idsOf('▁', 's'))).toBe('s');
  });

  it('finds text in front of many special tokens', async () => {
    const prompt = Int32Array.from([...idsOf('a'), ...new Array<number>(40).fill(idsOf('<s>')[0]!)]);
    const continuation = await ContinuationText.after(prompt, decode);
    expect(await continuation.of(idsOf('▁', 's'))).toBe(' s');
  });

  it('ends a character that the prompt began', async () => {
    const prompt = Int32Array.from([...(await tokenizer.encode('a')), ...idsOf('<0xE2>', '<0x82>')]);
    const continuation = await ContinuationText.after(prompt, decode);
    expect(await continuation.of(idsOf('<0xAC>', 's'))).toBe('€s');
    expect(await streamed(prompt, idsOf('<0xAC>', 's'))).toBe('€s');
  });

  it('gives a replacement for every byte of a run that is not UTF-8, streamed or not', async () => {
    const prompt = await tokenizer.encode('a');
    const tokens = idsOf('<0x41>', '<0xE9>', 's');
    const continuation = await ContinuationText.after(prompt, decode);
    expect(await continuation.of(tokens)).toBe('\uFFFD\uFFFDs');
    expect(await streamed(prompt, tokens)).toBe('\uFFFD\uFFFDs');
  });
});
