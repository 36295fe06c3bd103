import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesSource, readAll } from '../../../test/support/bytes-source.js';
import { InvalidTrainingFileError } from '../dataset.errors.js';

const FIXTURES = path.join(import.meta.dirname, '..', '..', '..', 'test', 'fixtures', 'datasets');
const pair = (prompt: string, completion: string) => ({ kind: 'completion', prompt, completion });

const text = fc.string({
  unit: fc.constantFrom('a', 'é', '🙂', '"', '\\', ',', '[', '}', '\n', '\r\n', ' '),
  maxLength: 12,
});
const filled = text.map((value) => `${value}.`);
const pieceBytes = fc.integer({ min: 1, max: 40 });
/** What lies between two rows. */
const blanks = fc.integer({ min: 0, max: 3 });
const rows = fc.array(fc.record({ prompt: text, completion: filled, blanks }), { minLength: 1, maxLength: 20 });

async function locationsOfFaults(content: string | Uint8Array, filename: string, piece?: number): Promise<unknown[]> {
  const error: unknown = await readAll(bytesSource(content, piece), filename).catch((thrown: unknown) => thrown);
  if (error instanceof InvalidTrainingFileError) return error.faults.map(({ location }) => location);
  throw new Error('the file was accepted', { cause: error });
}

describe('JSONL', () => {
  it('gives the rows and their lines, wherever pieces end and empty lines lie', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        pieceBytes,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (given, piece, end, bom) => {
          let content = bom ? '\uFEFF' : '';
          let line = 1;
          const expected = given.map(({ prompt, completion, blanks: empty }) => {
            content += end.repeat(empty) + JSON.stringify({ prompt, completion }) + end;
            line += empty + 1;
            return { at: line - 1, example: pair(prompt, completion) };
          });
          expect(await readAll(bytesSource(content, piece))).toEqual(expected);
          const faulty = `${content}${end}{"prompt": 7, "completion": "x"}`;
          expect(await locationsOfFaults(faulty, 'a.jsonl', piece)).toEqual([`line ${line + 1}`]);
        },
      ),
    );
  });

  it('refuses lines without an end, and objects without a bottom', async () => {
    const endless = `{"prompt": "${'x'.repeat(2 ** 24)}`;
    await expect(readAll(bytesSource(endless))).rejects.toThrow('line 1: is longer than 16777216 bytes.');
    const deep = `{"a": ${'['.repeat(100_000)}`;
    await expect(readAll(bytesSource(deep))).rejects.toThrow(/line 1: .*100 levels/);
  });
});

describe('lists in JSON', () => {
  it('give the rows and their numbers', async () => {
    await fc.assert(
      fc.asyncProperty(rows, pieceBytes, fc.constantFrom(0, 2), async (given, piece, indent) => {
        const list = given.map(({ prompt, completion }) => ({ prompt, completion }));
        const expected = list.map((row, i) => ({ at: i + 1, example: pair(row.prompt, row.completion) }));
        const content = JSON.stringify(list, null, indent);
        expect(await readAll(bytesSource(`\uFEFF ${content}\n`, piece), 'a.json')).toEqual(expected);
        const faulty = JSON.stringify([...list, { prompt: 7, completion: 'x' }]);
        expect(await locationsOfFaults(faulty, 'a.json', piece)).toEqual([`row ${list.length + 1}`]);
      }),
    );
  });

  it.each([
    ['[{"prompt": "a", "completion": "b"}', 'row 1: The file ends within the list.'],
    ['[{"prompt": "a", "completion": "b"}] []', 'The file has more than one list.'],
    ['[{"prompt": "a", "completion": "b"},]', 'row 2: is not valid JSON'],
    ['[{"prompt": "a", "completion": "b"},,', 'row 2: is not valid JSON'],
    ['[{"prompt": "a" "completion": "b"}]', 'row 1: is not valid JSON'],
    ['[{"prompt": "a", "completion": "b"}}', 'row 1: is not valid JSON'],
  ])('are refused where they are none: %s', async (content, message) => {
    await expect(readAll(bytesSource(content))).rejects.toThrow(message);
  });
});

describe('CSV', () => {
  const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;

  it('gives the rows and the lines in which they begin', async () => {
    await fc.assert(
      fc.asyncProperty(
        rows,
        pieceBytes,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (given, piece, end, bom) => {
          let content = `${bom ? '\uFEFF' : ''}prompt,completion${end}`;
          let line = 2;
          const expected = given.map(({ prompt, completion, blanks: empty }) => {
            const at = line + empty;
            const record = `${quoted(prompt)},${quoted(completion)}`;
            content += end.repeat(empty) + record + end;
            line = at + record.split('\n').length;
            return { at, example: pair(prompt, completion) };
          });
          expect(await readAll(bytesSource(content, piece), 'a.csv')).toEqual(expected);
          expect(await locationsOfFaults(`${content}${end}a,b,c`, 'a.csv', piece)).toEqual([`line ${line + 1}`]);
          expect(await locationsOfFaults(`${content}${end}x,${end}`, 'a.csv', piece)).toEqual([`line ${line + 1}`]);
        },
      ),
    );
  });

  it('has chats as JSON, and preferences as texts', async () => {
    const messages = [
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: 'Hello' },
    ];
    const chats = `id,messages,tools\n1,${quoted(JSON.stringify(messages))},\n`;
    expect(await readAll(bytesSource(chats), 'a.csv')).toEqual([{ at: 2, example: { kind: 'chat', messages } }]);
    const [row] = await readAll(bytesSource('prompt,chosen,rejected\nHi,Hello,Bah\n'), 'A.CSV');
    expect(row?.example).toMatchObject({ kind: 'preference', rejected: [{ role: 'assistant', content: 'Bah' }] });
    expect(await locationsOfFaults('messages\n[1\n', 'a.csv')).toEqual(['line 2']);
  });

  it.each([
    ['prompt,completion\n', 'The file has no rows.'],
    ['prompt,prompt\na,b\n', "line 1: has two columns named 'prompt'."],
    ['prompt,completion\na,"b\nc\n', 'Quote Not Closed'],
    ['prompt,completion\na,"b"c\n', 'line 2: Invalid Closing Quote'],
  ])('is refused: %j', async (content, message) => {
    await expect(readAll(bytesSource(content), 'a.csv')).rejects.toThrow(message);
  });
});

describe('Parquet from pyarrow', () => {
  const fixture = (name: string) => bytesSource(readFileSync(path.join(FIXTURES, name)));

  it.each(['none', 'snappy', 'gzip', 'brotli', 'zstd', 'lz4'])('gives chats, compressed with %s', async (codec) => {
    const rows = await readAll(fixture(`chats-${codec}.parquet`));
    expect(rows.map(({ at }) => at)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect(rows[24]?.example).toEqual({
      kind: 'chat',
      messages: [
        { role: 'user', content: 'What is 24 + 24?' },
        { role: 'assistant', content: 'Let me see.', weight: 0 },
        { role: 'user', content: 'So?' },
        { role: 'assistant', content: '24 + 24 = 48, très simple 🙂' },
      ],
    });
  });

  it('gives texts', async () => {
    const rows = await readAll(fixture('pairs.parquet'));
    expect(rows).toHaveLength(40);
    expect(rows[2]?.example).toEqual(pair('Count to 3.', ' 1 2 3'));
  });

  it('tells the number of a faulty row', async () => {
    await expect(readAll(fixture('faulty.parquet'))).rejects.toThrow(/row 12: messages\[0\]\.role is 'robot'/);
  });

  it('is refused where it is cut off', async () => {
    const bytes = readFileSync(path.join(FIXTURES, 'pairs.parquet'));
    const cut = bytesSource(bytes.subarray(0, -100));
    await expect(readAll(cut)).rejects.toThrow('cannot be read as Parquet: it is cut off');
  });
});
