import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ChatMessage } from '../../src/base-models/chat-templates/conversation.js';
import { HfChatTokenizer } from '../../src/base-models/tokenizers/hf-chat-tokenizer.js';

/** What transformers does with the same tokenizers (test/numerics/make-tokenizer-fixtures.py). */
interface Reference {
  readonly name: string;
  readonly texts: readonly { readonly text: string; readonly tokens: number[]; readonly decoded: string }[];
  readonly chats: readonly {
    readonly messages: ChatMessage[];
    readonly text: string;
    readonly tokens: number[];
    readonly prompt_tokens: number[];
    /** Only of templates with generation blocks. */
    readonly assistant?: number[];
  }[];
}

const fixtures = new URL('../fixtures/tokenizers/', import.meta.url);
const references = JSON.parse(readFileSync(new URL('references.json', fixtures), 'utf8')) as Reference[];
const folderOf = (name: string) =>
  fileURLToPath(name === 'tiny-chat' ? new URL('../../models/tiny-chat', import.meta.url) : new URL(name, fixtures));

describe.each(references)('the $name tokenizer agrees with transformers', ({ name, texts, chats }) => {
  const loading = HfChatTokenizer.load(folderOf(name), name);

  it.each(texts)('on the text $text', async ({ text, tokens, decoded }) => {
    const tokenizer = await loading;
    expect([...(await tokenizer.encode(text))]).toEqual(tokens);
    expect(await tokenizer.decode(tokens)).toBe(decoded);
  });

  it.each(chats)('on the conversation $messages', async ({ messages, text, tokens, prompt_tokens, assistant }) => {
    const tokenizer = await loading;
    const chat = await tokenizer.encodeChat({ messages });
    expect([...chat.tokens]).toEqual(tokens);
    expect([...(await tokenizer.encode(text, { addSpecialTokens: false }))]).toEqual(tokens);
    const prompt = await tokenizer.encodeChat({ messages }, { addGenerationPrompt: true });
    expect([...prompt.tokens]).toEqual(prompt_tokens);
    if (assistant) expect(Array.from(chat.assistant, (answer) => Math.min(answer, 1))).toEqual(assistant);
  });
});
