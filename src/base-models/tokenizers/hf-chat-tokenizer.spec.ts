import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EncodeChatOptions } from './chat-tokenizer.js';
import { type ChatMessage, type Conversation } from '../chat-templates/conversation.js';
import { HfChatTokenizer } from './hf-chat-tokenizer.js';

const CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
/** As Qwen3's: an empty thought before the last answer only, so earlier renderings are no beginnings of later ones. */
const THINKING =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' }}" +
  "{% if m['role'] == 'assistant' and loop.last %}{{ '<think>\\n\\n</think>\\n\\n' }}{% endif %}" +
  "{{ m['content'] + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
const MARKED =
  "{%- for m in messages %}\n  {{- '<|im_start|>' + m['role'] + '\\n' }}\n  {%- if m['role'] == 'assistant' -%}\n" +
  "    {%- generation -%}\n    {{ m['content'] + '<|im_end|>' }}\n    {%- endgeneration -%}\n" +
  "  {%- else -%}{{ m['content'] + '<|im_end|>' }}{%- endif -%}{{ '\\n' }}\n{%- endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
/** Drops all but the last message. */
const FORGETFUL = "{{ messages[-1]['content'] }}";
const STRICT =
  "{% if messages[0]['role'] != 'user' %}{{ raise_exception('The user speaks first.') }}{% endif %}" + CHATML;

const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../test/fixtures/tokenizers/byte-level/${name}`, import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  await copyFile(fixture('tokenizer.json'), join(folder, 'tokenizer.json'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, json: unknown) => writeFile(join(folder, name), JSON.stringify(json));
const load = () => HfChatTokenizer.load(folder, "Base model 'm'");

async function withTemplate(chat_template: unknown): Promise<HfChatTokenizer> {
  await write('tokenizer_config.json', { eos_token: { content: '<|im_end|>' }, chat_template });
  return load();
}

const chat = (...contents: string[]): ChatMessage[] =>
  contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }));

/** The text of the tokens that count as the assistant's, and of the others. */
async function parts(
  tokenizer: HfChatTokenizer,
  messages: ChatMessage[],
): Promise<{ assistant: string; others: string }> {
  const { tokens, assistant } = await tokenizer.encodeChat({ messages });
  const text = (written: boolean) => tokenizer.decode(tokens.filter((_, i) => assistant[i]! > 0 === written));
  return { assistant: await text(true), others: await text(false) };
}

describe('the assistant mask', () => {
  it('covers each answer and its end-of-turn token', async () => {
    const tokenizer = await withTemplate(CHATML);
    expect(await parts(tokenizer, chat('Hi', ' Meow\n', 'user', 'a b'))).toEqual({
      assistant: ' Meow\n<|im_end|>a b<|im_end|>',
      others:
        '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n\n<|im_start|>user\nuser<|im_end|>\n' +
        '<|im_start|>assistant\n\n',
    });
  });

  it('works for templates that render the last answer differently', async () => {
    const tokenizer = await withTemplate(THINKING);
    expect((await parts(tokenizer, chat('1', 'one', '2', 'two'))).assistant).toBe(
      'one<|im_end|><think>\n\n</think>\n\ntwo<|im_end|>',
    );
  });

  it("follows the template's own generation blocks", async () => {
    const tokenizer = await withTemplate(MARKED);
    expect(await parts(tokenizer, chat('Hi', ' Meow ', 'b', 'c'))).toEqual({
      assistant: ' Meow <|im_end|>c<|im_end|>',
      others:
        '<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n\n',
    });
  });

  it('is not fooled by marks in a message', async () => {
    const tokenizer = await withTemplate(MARKED);
    expect((await parts(tokenizer, chat('a\uE000b', 'c'))).assistant).toBe('c<|im_end|>');
  });

  it('gives a token that joins prompt and answer to the answer', async () => {
    const tokenizer = await withTemplate(CHATML);
    const { assistant } = await parts(tokenizer, chat('Hi', '\nx'));
    expect(assistant.endsWith('\nx<|im_end|>')).toBe(true);
  });

  it('covers an answer that speaks first, and nothing without an answer', async () => {
    const tokenizer = await withTemplate(CHATML);
    const first = await parts(tokenizer, [{ role: 'assistant', content: 'Hello' }]);
    expect(first.assistant).toBe('Hello<|im_end|>');
    expect((await parts(tokenizer, chat('Hi'))).assistant).toBe('');
  });

  it('is refused where the template does not tell, but not needed for a prompt', async () => {
    const tokenizer = await withTemplate(FORGETFUL);
    const prompt = await tokenizer.encodeChat({ messages: chat('a', 'b', 'c') }, { addGenerationPrompt: true });
    expect(await tokenizer.decode(prompt.tokens)).toBe('c');
    await expect(tokenizer.encodeChat({ messages: chat('a', 'b', 'c') }, { field: 'data[1]' })).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        details: expect.objectContaining({ field: 'data[1]' }) as object,
      }),
    );
  });
});

/** What the template makes of a conversation, as text. */
async function rendered(template: string, conversation: Conversation, options: EncodeChatOptions = {}) {
  const tokenizer = await withTemplate(template);
  const chat = await tokenizer.encodeChat(conversation, { assistantMask: false, ...options });
  return tokenizer.decode(chat.tokens);
}

describe('messages in the form of OpenAI', () => {
  const ROLES = '{% for m in messages %}{{ m.role }}:{{ m.content }};{% endfor %}';
  const PARTS =
    '{% for m in messages %}{% if m.content is string %}{{ m.content }}{% else %}' +
    '{% for part in m.content %}[{{ part.text }}]{% endfor %}{% endif %};{% endfor %}';
  const parts = { role: 'user', content: [{ type: 'text', text: 'a' } as const, { type: 'text', text: 'b' } as const] };

  it('are given to templates that read parts as they are, and to others as text', async () => {
    expect(await rendered(PARTS, { messages: [parts] })).toBe('[a][b];');
    expect(await rendered(ROLES, { messages: [parts] })).toBe('user:a\nb;');
  });

  it('have a system role for the developer where the template names none', async () => {
    const messages = [{ role: 'developer', content: 'x' }];
    expect(await rendered(ROLES, { messages })).toBe('system:x;');
    expect(await rendered(`${ROLES}{{ 'developer' }}`, { messages })).toBe('developer:x;developer');
  });

  it('bring tools, calls and variables to the template', async () => {
    const template =
      '{{ tools | tojson }}{% for m in messages %}{{ m.name }}{{ m.tool_calls[0].function.arguments.city }}' +
      '{{ m.content is defined }}{% endfor %}{{ enable_thinking }}';
    const call = { type: 'function', function: { name: 'f', arguments: { city: 'Oslo' } } };
    const conversation = {
      messages: [{ role: 'assistant', name: 'bot', content: null, tool_calls: [call] }],
      tools: [{ type: 'function' }],
      templateVariables: { enable_thinking: false },
    };
    // transformers drops what is null, and Python writes False.
    expect(await rendered(template, conversation)).toBe('[{"type": "function"}]botOsloFalseFalse');
  });

  it('leave the last one open to be continued', async () => {
    const text = await rendered(CHATML, { messages: chat('Hi', 'Once upon') }, { continueFinalMessage: true });
    expect(text).toBe('<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nOnce upon');
  });

  it('number the answers that the mask covers', async () => {
    const tokenizer = await withTemplate(CHATML);
    const { tokens, assistant, answers } = await tokenizer.encodeChat({ messages: chat('a', 'bc', 'd', 'ef') });
    expect(answers).toBe(2);
    const texts = [1, 2].map((answer) => tokenizer.decode(tokens.filter((_, i) => assistant[i] === answer)));
    expect(await Promise.all(texts)).toEqual(['bc<|im_end|>', 'ef<|im_end|>']);
  });
});

describe('HfChatTokenizer', () => {
  it('finds the template in a file before the configuration, by the name default, or in chat_template.json', async () => {
    const named = [
      { name: 'tool_use', template: 'x' },
      { name: 'default', template: CHATML },
    ];
    const expected = await (await withTemplate(CHATML)).encodeChat({ messages: chat('Hi') });
    expect(await (await withTemplate(named)).encodeChat({ messages: chat('Hi') })).toEqual(expected);
    await write('tokenizer_config.json', {});
    await write('chat_template.json', { chat_template: CHATML });
    expect(await (await load()).encodeChat({ messages: chat('Hi') })).toEqual(expected);
    await writeFile(join(folder, 'chat_template.jinja'), 'from the file');
    const loaded = await load();
    expect(await loaded.decode((await loaded.encodeChat({ messages: chat('Hi') })).tokens)).toBe('from the file');
  });

  it('collects end tokens of generation_config, or of config, and of the tokenizer', async () => {
    await write('config.json', { eos_token_id: 1 });
    expect((await withTemplate(CHATML)).endTokens).toEqual([1, 2]);
    await write('generation_config.json', { eos_token_id: [0, 2] });
    expect((await load()).endTokens).toEqual([0, 2]);
  });

  it('decodes nothing to nothing, and leaves out special tokens on demand', async () => {
    const tokenizer = await withTemplate(CHATML);
    expect(await tokenizer.decode([])).toBe('');
    const tokens = await tokenizer.encode('a<|im_end|> , b');
    expect(await tokenizer.decode(tokens)).toBe('a<|im_end|> , b');
    expect(await tokenizer.decode(tokens, { skipSpecialTokens: true })).toBe('a , b');
    expect(tokenizer.vocabSize).toBe(420);
  });

  it('says where in the text every token is, also beyond characters of two code units', async () => {
    const tokenizer = await withTemplate(CHATML);
    const text = 'é 🙂🙂 b<|im_end|>c';
    const { tokens, offsets } = await tokenizer.encodeWithOffsets(text);
    expect(tokens).toEqual(await tokenizer.encode(text));
    const end = tokens.indexOf(2);
    expect(text.slice(offsets[2 * end], offsets[2 * end + 1])).toBe('<|im_end|>');
    expect(offsets.at(-1)).toBe(text.length);
    expect([...offsets.slice(0, 2)]).toEqual([0, 1]);
  });

  it('refuses half of a surrogate pair, which transformers cannot encode either', async () => {
    const tokenizer = await withTemplate(CHATML);
    await expect(tokenizer.encode('a\ud83d', { field: 'prompt' })).rejects.toMatchObject({
      code: 'invalid_request',
      details: { field: 'prompt' },
    });
    expect(await tokenizer.decode(await tokenizer.encode('a🙂\0b'))).toBe('a🙂\0b');
  });

  it('refuses a text far longer than allowed without tokenising all of it', async () => {
    const tokenizer = await withTemplate(CHATML);
    const text = 'abc '.repeat(500_000);
    await expect(tokenizer.encode(text, { field: 'data[0]', maxTokens: 100 })).rejects.toThrow(
      /data\[0\] has 2000000 characters, the first 4896 of which are already \d+ tokens/,
    );
    // Longer than allowed, but not by its length: for the caller to refuse.
    expect((await tokenizer.encode('abc '.repeat(200), { maxTokens: 100 })).length).toBeGreaterThan(100);
  });

  // As large as Gemma's; current Llama, Qwen and Mistral checkpoints have 128,256 to 151,936.
  it.each([120_000, 128_256, 151_936, 262_144])('loads a vocabulary of %i tokens', async (size) => {
    const vocab = Object.fromEntries(Array.from({ length: size }, (_, id) => [`t${id}`, id]));
    await write('tokenizer.json', { version: '1.0', model: { type: 'BPE', vocab, merges: [] }, added_tokens: [] });
    expect((await load()).vocabSize).toBe(size);
  });

  it('refuses conversations without a template, and says to send tokens', async () => {
    const tokenizer = await withTemplate(undefined);
    await expect(tokenizer.encodeChat({ messages: chat('Hi') })).rejects.toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        message: "Base model 'm' has no chat template, so it does not support conversations.",
        details: { field: 'messages', remedy: 'Send tokens (or a prompt) instead.' },
      }),
    );
  });

  it.each<[string, ChatMessage[], string]>([
    ['a role that the template does not name', [...chat('Hi'), { role: 'robot', content: '' }], 'messages[1].role'],
    ['no messages', [], 'messages'],
    ['what the template refuses', [{ role: 'system', content: 'x' }], 'messages'],
  ])('refuses %s and names the field', async (_, messages, field) => {
    const tokenizer = await withTemplate(STRICT);
    await expect(tokenizer.encodeChat({ messages })).rejects.toThrow(
      expect.objectContaining({ code: 'invalid_request', details: expect.objectContaining({ field }) as object }),
    );
  });

  it("passes on the template's own reason", async () => {
    const tokenizer = await withTemplate(STRICT);
    await expect(tokenizer.encodeChat({ messages: [{ role: 'system', content: 'x' }] })).rejects.toThrow(
      /The user speaks first\./,
    );
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['a missing tokenizer.json', () => rm(join(folder, 'tokenizer.json')), /has no tokenizer\.json/],
    ['one that is not JSON', () => writeFile(join(folder, 'tokenizer.json'), '{'), /tokenizer\.json is not JSON/],
    ['an unknown kind', () => write('tokenizer.json', { model: { type: 'X' } }), /its tokenizer is not supported/],
  ])('refuses %s', async (_, damage, message) => {
    await damage();
    await expect(load()).rejects.toMatchObject({
      code: 'unsupported_checkpoint',
      message: expect.stringMatching(message) as string,
    });
  });

  it('refuses a template that is not valid when it is checked, and says where', async () => {
    const tokenizer = await withTemplate("{{ 'fine' }}\n{% if %}");
    await expect(tokenizer.checkTemplate()).rejects.toMatchObject({
      code: 'unsupported_checkpoint',
      message:
        "Base model 'm' cannot be loaded: its chat template is not valid: " +
        "Expected an expression, got 'end of statement block' (line 2)",
    });
    await expect((await withTemplate(CHATML)).checkTemplate()).resolves.toBeUndefined();
    await expect((await withTemplate(undefined)).checkTemplate()).resolves.toBeUndefined();
  });

  it('needs no answers to be found where nobody asks for them', async () => {
    const tokenizer = await withTemplate(FORGETFUL);
    const { tokens, assistant } = await tokenizer.encodeChat(
      { messages: chat('a', 'b', 'c') },
      { assistantMask: false },
    );
    expect(await tokenizer.decode(tokens)).toBe('c');
    expect(assistant).toEqual(new Int32Array(tokens.length));
  });
});
