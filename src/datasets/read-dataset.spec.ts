import { describe, expect, it } from 'vitest';
import { bytesSource, readAll } from '../../test/support/bytes-source.js';
import { InvalidTrainingFileError } from './dataset.errors.js';

/** Rows of one file of JSONL, and what they become. */
async function examplesOf(...rows: object[]) {
  const numbered = await readAll(bytesSource(rows.map((row) => JSON.stringify(row)).join('\n')));
  return numbered.map(({ example }) => example);
}

async function faultsOf(content: string, filename?: string): Promise<readonly string[]> {
  const error: unknown = await readAll(bytesSource(content), filename).catch((thrown: unknown) => thrown);
  if (!(error instanceof InvalidTrainingFileError)) throw new Error('the file was accepted', { cause: error });
  return error.faults.map(({ location, problem }) => (location === null ? problem : `${location} ${problem}`));
}

const fault = async (row: object) => (await faultsOf(JSON.stringify(row)))[0];

const user = { role: 'user', content: "What's the capital of France?" };
const assistant = { role: 'assistant', content: 'Paris, as if everyone does not know that already.' };
const marv = { role: 'system', content: 'Marv is a factual chatbot that is also sarcastic.' };

/* The rows are those of OpenAI's guide to fine-tuning, or are in the forms that the named projects publish. */
describe('chats', () => {
  it('are taken with weights', async () => {
    const weighted = [marv, user, { ...assistant, content: 'Paris', weight: 0 }, user, { ...assistant, weight: 1 }];
    expect(await examplesOf({ messages: weighted })).toEqual([{ kind: 'chat', messages: weighted }]);
  });

  it('are taken with tools; arguments are parsed', async () => {
    const call = (args: unknown) => ({
      role: 'assistant',
      tool_calls: [{ id: 'call_id', type: 'function', function: { name: 'get_current_weather', arguments: args } }],
    });
    const tools = [
      {
        type: 'function',
        function: {
          name: 'get_current_weather',
          description: 'Get the current weather',
          parameters: { type: 'object', properties: { location: { type: 'string' } }, required: ['location'] },
        },
      },
    ];
    const question = { role: 'user', content: 'What is the weather in San Francisco?' };
    const row = {
      messages: [question, call('{"location": "San Francisco, USA"}')],
      parallel_tool_calls: false,
      tools,
    };
    const parsed = { ...call({ location: 'San Francisco, USA' }), content: null };
    expect(await examplesOf(row)).toEqual([{ kind: 'chat', messages: [question, parsed], tools }]);
  });

  it.each([
    [{ messages: [user] }, 'line 1 messages has no message of the assistant. Its messages are what is trained.'],
    [{ messages: [] }, 'line 1 messages is empty. Pass at least one message.'],
    [{ messages: 'Hi' }, "line 1 messages must be a list, but is 'Hi'."],
    [{ messages: [user, { ...assistant, weight: 0 }] }, 'line 1 messages has weight 0 on every message'],
    [
      { messages: [{ ...user, weight: 1 }, assistant] },
      'line 1 messages[0].weight is given for a message of the user.',
    ],
    [{ messages: [user, { ...assistant, role: 'model' }] }, "line 1 messages[1].role is 'model'. Use one of system"],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }, assistant] },
      'line 1 messages[0].content[0].type',
    ],
    [{ messages: [user, assistant], functions: [{ name: 'f' }] }, 'line 1 functions is not supported. Use tools.'],
    [{ messages: [user, assistant], tool: [] }, 'line 1 tool is not a known field. Did you mean tools?'],
  ])('are refused: %j', async (row, message) => {
    expect(await fault(row)).toContain(message);
  });

  it('may have columns of their own', async () => {
    expect(await examplesOf({ id: 7, source: 'made up', messages: [user, assistant] })).toHaveLength(1);
  });
});

describe('conversations of ShareGPT', () => {
  it('are chats', async () => {
    const conversations = [
      { from: 'system', value: marv.content },
      { from: 'human', value: 'Hello' },
      { from: 'gpt', value: 'Hi' },
    ];
    expect(await examplesOf({ id: 'x_0', conversations })).toEqual([
      {
        kind: 'chat',
        messages: [marv, { role: 'user', content: 'Hello' }, { role: 'assistant', content: 'Hi' }],
      },
    ]);
    const [example] = await examplesOf({ conversations: conversations.slice(1), system: marv.content });
    expect(example).toMatchObject({ messages: [marv, { role: 'user' }, { role: 'assistant' }] });
  });

  it('are refused with the roles of others', async () => {
    const row = { conversations: [{ from: 'observation', value: '7' }] };
    expect(await fault(row)).toContain("line 1 conversations[0].from is 'observation'. Use one of system, human");
  });
});

describe('instructions of Alpaca', () => {
  it('are completions of the published prompts', async () => {
    const [without, withInput] = await examplesOf(
      { instruction: 'Name a primary colour.', input: '', output: 'Blue' },
      { instruction: 'Add the numbers.', input: '1, 2', output: '3', text: 'rendered' },
    );
    expect(without).toEqual({
      kind: 'completion',
      prompt:
        'Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n' +
        '### Instruction:\nName a primary colour.\n\n### Response:',
      completion: 'Blue',
    });
    expect(withInput).toEqual({
      kind: 'completion',
      prompt:
        'Below is an instruction that describes a task, paired with an input that provides further context. ' +
        'Write a response that appropriately completes the request.\n\n' +
        '### Instruction:\nAdd the numbers.\n\n### Input:\n1, 2\n\n### Response:',
      completion: '3',
    });
  });

  it('are refused with fields that the prompt template lacks', async () => {
    expect(await fault({ instruction: 'a', output: 'b', history: [['c', 'd']] })).toContain('history is not supported');
    expect(await fault({ instruction: 'a', output: '' })).toBe('line 1 output is empty. It is what is trained.');
  });
});

describe('prompts with completions', () => {
  it('are plain text', async () => {
    const row = { prompt: '2 + 2 =', completion: ' 4' };
    expect(await examplesOf(row)).toEqual([{ kind: 'completion', ...row }]);
    expect(await fault({ prompt: [user], completion: [assistant] })).toContain('prompt must be a string');
    expect(await fault({ prompt: 'a', completion: '' })).toContain('completion is empty');
  });
});

describe('preferences', () => {
  const worse = { role: 'assistant', content: 'No idea.' };
  const expected = { kind: 'preference', prompt: [user], preferred: [assistant], rejected: [worse] };

  it("are OpenAI's", async () => {
    const row = {
      input: { messages: [user], tools: [], parallel_tool_calls: true },
      preferred_output: [assistant],
      non_preferred_output: [worse],
    };
    expect(await examplesOf(row)).toEqual([expected]);
  });

  it("are TRL's: texts, messages, or two conversations that begin alike", async () => {
    expect(
      await examplesOf(
        { prompt: user.content, chosen: assistant.content, rejected: worse.content },
        { prompt: [user], chosen: [assistant], rejected: [worse] },
        { chosen: [user, assistant], rejected: [user, worse], messages: [user, assistant], score_chosen: 9 },
      ),
    ).toEqual([expected, expected, expected]);
  });

  it.each([
    [{ preferred_output: [assistant], non_preferred_output: [worse] }, 'input must be an object, but is missing.'],
    [
      { input: { messages: [user] }, preferred_output: [user, assistant], non_preferred_output: [worse] },
      'preferred_output has a message of the user. A continuation is one message of the assistant.',
    ],
    [
      { input: { messages: [user, assistant] }, preferred_output: [assistant], non_preferred_output: [worse] },
      'input.messages ends with a message of the assistant.',
    ],
    [{ chosen: [user, assistant], rejected: [user, assistant] }, 'chosen is the same as rejected'],
    [{ chosen: [assistant], rejected: [worse] }, 'chosen and rejected do not begin alike.'],
    [{ prompt: 'a', chosen: [assistant], rejected: [worse] }, 'prompt must be a list'],
    [{ prompt: [user], chosen: [{ ...assistant, weight: 1 }], rejected: [worse] }, 'chosen[0].weight is given.'],
  ])('are refused: %j', async (row, message) => {
    expect(await fault(row)).toContain(message);
  });
});

describe('faults', () => {
  const good = JSON.stringify({ messages: [user, assistant] });

  it('of all lines are listed, up to fifty', async () => {
    expect(await faultsOf(`${good}\n{}\n[1]\n\n"x"\n${good}\n`)).toEqual([
      expect.stringMatching(/^line 2 /),
      'line 3 must be a JSON object, but is a list of 1.',
      "line 5 must be a JSON object, but is 'x'.",
    ]);
    expect(await faultsOf('{}\n'.repeat(60))).toHaveLength(50);
    await expect(readAll(bytesSource('{}\n'.repeat(60)))).rejects.toThrow(/line 50: .*\nOnly the first 50 faults/);
  });

  it('of a first row do not hide the shape of the others', async () => {
    expect(await faultsOf(`{"text": "x"}\n${good}\n{"prompt": "a", "completion": "b"}`)).toEqual([
      expect.stringContaining('line 1 has none of the known shapes: its fields are text.'),
      expect.stringContaining('line 3 has the shape prompt and completion, but line 2 has chat (messages).'),
    ]);
  });

  it('name what is missing where other rows tell the shape', async () => {
    expect(await faultsOf(`{"prompt": "a", "completion": "b"}\n{"prompt": "a"}`)).toEqual([
      'line 2 completion must be a string, but is missing. Pass a string; conversations go into messages.',
    ]);
  });

  it.each([
    ['', 'The file is empty.'],
    [' \r\n\n', 'The file is empty.'],
    ['\n'.repeat(5000), 'The file has no rows.'],
    ['[]', 'The file has no rows.'],
    ['\x1f\x8b', 'The file is compressed with gzip.'],
    ['PK\x03\x04', 'The file is a zip archive.'],
    ['PAR1PAR1', 'The file cannot be read as Parquet: '],
  ])('of whole files are told: %j', async (content, message) => {
    const bytes = Buffer.from(content, 'latin1');
    await expect(readAll(bytesSource(bytes))).rejects.toThrow(message);
  });

  it('in encoding are not repaired', async () => {
    const latin = Buffer.concat([Buffer.from(`${good}\n`), Buffer.from(good.replace('Paris', 'Orl\xe9ans'), 'latin1')]);
    await expect(readAll(bytesSource(latin))).rejects.toThrow('line 2: is not valid UTF-8.');
    const csv = Buffer.from('prompt,completion\na,\xe9\n', 'latin1');
    await expect(readAll(bytesSource(csv), 'a.csv')).rejects.toThrow('The file is not valid UTF-8.');
  });
});
