import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageFolder } from '../../../common/package-folder.js';
import { snapshotFile } from './jinja-python.mjs';
import { JinjaRenderer } from './jinja-renderer.js';
import { TemplateError, TemplateTimeoutError } from './jinja.errors.js';

const renderer = new JinjaRenderer();
afterAll(() => renderer.stop());

const render = (source: string, ...contents: string[]) =>
  renderer.render(source, { messages: contents.map((content) => ({ role: 'user', content })) });

describe('JinjaRenderer', () => {
  it('compiles, and names the construct and the line that are wrong', async () => {
    await expect(renderer.compile('{{ messages[0].content | trim }}')).resolves.toBeUndefined();
    await expect(renderer.compile('one\n{% foo %}')).rejects.toThrow(
      new TemplateError("Encountered unknown tag 'foo'. (line 2)"),
    );
    await expect(renderer.compile('{{ x | shout }}')).rejects.toThrow(
      new TemplateError("No filter named 'shout'. (line 1)"),
    );
  });

  it('locates generation blocks in code units, and says when they cannot be located', async () => {
    const block = '{% for m in messages %}<{% generation %}{{ m.content }}{% endgeneration %}>{% endfor %}';
    await expect(render(block, '🙂a', 'é', '')).resolves.toEqual({
      text: '<🙂a><é><>',
      spans: [
        { start: 1, end: 4 },
        { start: 6, end: 7 },
        { start: 9, end: 9 },
      ],
    });
    await expect(render(`{% set x %}${block}{% endset %}text {{ x }}`, 'a')).resolves.toEqual({
      text: 'text <a>',
      spans: null,
    });
    await expect(render('no blocks')).resolves.toEqual({ text: 'no blocks', spans: null });
  });

  it("passes on the template's own reason, and what an expression raises", async () => {
    await expect(render("{{ raise_exception('No system role.') }}")).rejects.toThrow(
      new TemplateError('No system role.'),
    );
    await expect(render('{{ missing.field }}')).rejects.toThrow(new TemplateError("'missing' is undefined"));
    await expect(render('{{ 1 + "a" }}')).rejects.toThrow(/^TypeError: unsupported operand/);
    await expect(render('{% macro f(n) %}{{ f(n + 1) }}{% endmacro %}{{ f(0) }}')).rejects.toThrow(/too deep/);
  });

  it('gives templates no way out of their sandbox', async () => {
    await expect(render('{{ "".__class__.__mro__ }}')).rejects.toThrow(/unsafe/);
    await expect(render('{% set n = namespace(_a=1) %}')).rejects.toThrow(/underscore/);
    await expect(render('{{ messages.append(1) }}')).rejects.toThrow(/unsafe|not safely callable/);
  });

  it('stops a template that does not end, and renders the next ones', async () => {
    const impatient = new JinjaRenderer(1000);
    const forever = '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}';
    const [endless, next] = await Promise.allSettled([
      impatient.render(forever, { messages: [] }),
      impatient.render('next', { messages: [] }),
    ]);
    expect(endless).toMatchObject({ status: 'rejected', reason: expect.any(TemplateTimeoutError) as unknown });
    expect(next).toMatchObject({ status: 'fulfilled', value: { text: 'next' } });
    await impatient.stop();
  });

  it('fails what waits when it is stopped, and starts again', async () => {
    const own = new JinjaRenderer();
    const waiting = Promise.allSettled([own.render('a', { messages: [] }), own.render('b', { messages: [] })]);
    await own.stop();
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(own.render('c', { messages: [] })).resolves.toMatchObject({ text: 'c' });
    await own.stop();
  });
});

describe('a start from the snapshot of the build', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'thinker-jinja-'));
  symlinkSync(path.join(packageFolder(), 'vendor'), path.join(folder, 'vendor'));
  const slow = new JinjaRenderer(undefined, folder);
  afterAll(async () => {
    await slow.stop();
    rmSync(folder, { recursive: true });
  });

  it('is what is tested here', () => expect(existsSync(snapshotFile(packageFolder()))).toBe(true));

  it.each([
    '{% for m in messages %}[{{ m.role }}] {{ m.content | trim | tojson }}{% endfor %}',
    "{{ strftime_now('%Y') | length }} {{ ['b', 'a'] | sort | join('🙂') | urlencode }} {{ '%5.2f' | format(1.5) }}",
    '{{ messages[0].content | wordwrap(4) | escape }} {{ lipsum is defined }} {{ cycler(1, 2).next() }}',
    '{{ messages[7].content.strip() }}',
    "line\n{{ raise_exception('no ' ~ messages[0].role) }}",
    '{{ "".__class__ }}',
    '{% include "other" %}',
  ])('renders %j as one without it does', async (source) => {
    const outcome = async (by: JinjaRenderer) =>
      by.render(source, { messages: [{ role: 'user', content: ' <a & b> ' }] }).catch((error: Error) => error.message);
    expect(await outcome(renderer)).toEqual(await outcome(slow));
  });

  it('does not repeat random numbers', async () => {
    const source = '{{ range(99999) | random }} {{ range(99999) | random }}';
    const again = new JinjaRenderer();
    expect(await again.render(source, { messages: [] })).not.toEqual(await renderer.render(source, { messages: [] }));
    await again.stop();
  });
});

describe('vendor/python', () => {
  const folder = new URL('../../../../vendor/python/', import.meta.url);
  const sums = [
    ...readFileSync(new URL('README.md', folder), 'utf8').matchAll(/`([^`]+)`\s+\| [^|]+ \| `([0-9a-f]{64})`/g),
  ];

  it('lists its archives', () => expect(sums.length).toBe(2));

  it.each(sums.map(([, name, sum]) => [name!, sum!]))('holds %s as it was published', (name, sum) => {
    expect(
      createHash('sha256')
        .update(readFileSync(new URL(name, folder)))
        .digest('hex'),
    ).toBe(sum);
  });
});
