import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnswerPart } from './tool-call.js';
import { formatOf } from './tool-call-formats.js';
import { type ToolCallFormat } from './tool-call-format.js';

const PROBE = '"name": "probe_function"';
const ARGUMENTS = '{"probe_argument": "probe value"}';
/** How templates render the call of the probe. */
const RENDERED = {
  hermes: `<|im_start|>assistant\n<tool_call>\n{${PROBE}, "arguments": ${ARGUMENTS}}\n</tool_call><|im_end|>\n`,
  mistral: `[INST] q[/INST][TOOL_CALLS] [{${PROBE}, "arguments": ${ARGUMENTS}, "id": "probe1234"}]</s>`,
  'mistral-args': `[INST]q[/INST][TOOL_CALLS]probe_function[CALL_ID]probe1234[ARGS]${ARGUMENTS}</s>`,
  llama: `<|start_header_id|>assistant<|end_header_id|>\n\n{${PROBE}, "parameters": ${ARGUMENTS}}<|eot_id|>`,
};
type Name = keyof typeof RENDERED;
const NAMES = new Set(['weather', 'time']);
const formatNamed = (name: Name): ToolCallFormat => formatOf(RENDERED[name])!;
const weather = (given: string) => ({ name: 'weather', arguments: given });

/** What comes of an answer that arrives in pieces. */
function streamed(name: Name, pieces: readonly string[]) {
  const reader = formatNamed(name).reader(NAMES);
  const parts: AnswerPart[] = [...pieces.flatMap((piece) => reader.push(piece)), ...reader.finish()];
  const text = parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  return { text, calls: parts.flatMap((part) => (part.kind === 'call' ? part.call : [])) };
}

describe('formatOf', () => {
  it.each(Object.keys(RENDERED) as Name[])('knows %s by a call that its template renders', (name) => {
    expect(formatOf(RENDERED[name])?.name).toBe(name);
  });

  it.each([
    [
      'XML',
      '<tool_call>\n<function=probe_function>\n<parameter=probe_argument>\nprobe value\n</parameter>\n</tool_call>',
    ],
    ['no call at all', '<|im_start|>assistant\n<|im_end|>'],
    ['a call of Python', '[probe_function(probe_argument="probe value")]'],
  ])('does not know %s', (_, rendered) => {
    expect(formatOf(rendered)).toBeNull();
  });
});

const ANSWERS: [Name, string, string | null, { name: string; arguments: string }[]][] = [
  ['hermes', '<tool_call>\n{"name": "weather", "arguments": {"a": 1}}\n</tool_call>', null, [weather('{"a": 1}')]],
  [
    'hermes',
    'Let me see.\n<tool_call>{"name": "weather", "arguments": {}}</tool_call>\n<tool_call>{"arguments":{"b":2},"name":"time"}</tool_call>\n',
    'Let me see.\n',
    [weather('{}'), { name: 'time', arguments: '{"b":2}' }],
  ],
  [
    'hermes',
    '<tool_call>{"name": "weather", "arguments": {"a": "</tool_call>\\"{"}}</tool_call>',
    null,
    [weather('{"a": "</tool_call>\\"{"}')],
  ],
  ['hermes', '<tool_call>{"name": "weather", "arguments": {"a": 1}}', null, [weather('{"a": 1}')]],
  ['hermes', '<tool_call>{"name": "weather", "argum', '<tool_call>{"name": "weather", "argum', []],
  ['hermes', '<tool_call>{"name": "weather"}</tool_call>', '<tool_call>{"name": "weather"}</tool_call>', []],
  ['hermes', 'a < b, <tool', 'a < b, <tool', []],
  ['hermes', '  \n', '  \n', []],
  // JSON.parse would round the number.
  [
    'hermes',
    '<tool_call>{"name": "weather", "arguments": {"id": 12345678901234567890, "x": 1.0}}</tool_call>',
    null,
    [weather('{"id": 12345678901234567890, "x": 1.0}')],
  ],
  [
    'mistral',
    '[TOOL_CALLS][{"name": "weather", "arguments": {"a": [1, {"b": "]"}]}}, {"name": "time", "arguments": {}}]',
    null,
    [weather('{"a": [1, {"b": "]"}]}'), { name: 'time', arguments: '{}' }],
  ],
  ['mistral', 'Well.[TOOL_CALLS] [{"name": "weather", "arguments": {}}] ', 'Well.', [weather('{}')]],
  ['mistral', '[TOOL_CALLS][{"name": "weather", "arg', '[TOOL_CALLS][{"name": "weather", "arg', []],
  ['mistral', '[{"name": "weather", "arguments": {}}]', '[{"name": "weather", "arguments": {}}]', []],
  [
    'mistral-args',
    '[TOOL_CALLS]weather[ARGS]{"a": 1}[TOOL_CALLS]time[CALL_ID]abcdefghi[ARGS]{}',
    null,
    [weather('{"a": 1}'), { name: 'time', arguments: '{}' }],
  ],
  ['mistral-args', '[TOOL_CALLS]weather', '[TOOL_CALLS]weather', []],
  ['llama', '{"name": "weather", "parameters": {"a": "1"}}', null, [weather('{"a": "1"}')]],
  ['llama', '<|python_tag|>{"name": "weather", "parameters": {}}', null, [weather('{}')]],
  [
    'llama',
    '{"name": "weather", "parameters": {}}; {"name": "time", "parameters": {}}',
    null,
    [weather('{}'), { name: 'time', arguments: '{}' }],
  ],
  ['llama', '{"name": "Bob", "parameters": {}}', '{"name": "Bob", "parameters": {}}', []],
  ['llama', '{"name": "weather", "parameters": {}} or so', '{"name": "weather", "parameters": {}} or so', []],
  ['llama', 'I say {"name": "weather", "parameters": {}}', 'I say {"name": "weather", "parameters": {}}', []],
  ['llama', '<|python_tag|>print(1)', '<|python_tag|>print(1)', []],
];

describe('an answer', () => {
  it.each(ANSWERS)('in the format %s: %s', (name, answer, text, calls) => {
    expect(formatNamed(name).read(answer, NAMES)).toEqual({ text, calls });
  });

  it('reads the same in any pieces', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ANSWERS), fc.array(fc.nat(), { maxLength: 12 }), ([name, answer], cuts) => {
        const offsets = [0, ...cuts.map((cut) => cut % (answer.length + 1)).sort((a, b) => a - b), answer.length];
        const pieces = offsets.slice(1).map((to, i) => answer.slice(offsets[i], to));
        const { text, calls } = formatNamed(name).read(answer, NAMES);
        expect(streamed(name, pieces)).toEqual({ text: text ?? '', calls });
      }),
    );
  });

  it('gives out text as soon as it cannot begin a call, and a call when it is complete', () => {
    const reader = formatNamed('hermes').reader(NAMES);
    expect(reader.push('Hi <to')).toEqual([{ kind: 'text', text: 'Hi ' }]);
    expect(reader.push('ol> ')).toEqual([{ kind: 'text', text: '<tool> ' }]);
    expect(reader.push('<tool_call>{"name": "weather", "arguments": {}}')).toEqual([]);
    expect(reader.push('</tool_call>')).toEqual([{ kind: 'call', call: weather('{}') }]);
  });
});

it('makes ids that templates of Mistral take', () => {
  expect(formatNamed('mistral').makeId('call_')).toMatch(/^[A-Za-z0-9]{9}$/);
  expect(formatNamed('hermes').makeId('call_')).toMatch(/^call_[0-9a-f]{24}$/);
});
