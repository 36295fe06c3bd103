import { describe, expect, it } from 'vitest';
import { InvalidRequestError } from '../../../../common/errors/request.errors.js';
import { readConversation } from './conversation.reader.js';

const hi = { role: 'user', content: 'Hi' };
const use = (id = 'call-1') => ({ type: 'tool_use', id, name: 'weather', input: { city: 'Berlin' } });
const result = (id = 'call-1', content?: unknown) => ({ type: 'tool_result', tool_use_id: id, content });
const text = (words: string) => ({ type: 'text', text: words });

function refusal(messages: unknown, system?: unknown): unknown {
  try {
    readConversation(messages, system);
  } catch (error) {
    if (error instanceof InvalidRequestError) return error.details.field;
    throw error;
  }
  return null;
}

describe('a conversation', () => {
  it('is one of chat templates, with the system prompt first and a turn for each change of roles', () => {
    const messages = [
      hi,
      { role: 'user', content: [text('Who'), text('are you?')] },
      { role: 'assistant', content: [{ ...text('I'), citations: [{ type: 'char_location' }] }] },
      { role: 'user', content: [{ ...text('Go on'), cache_control: { type: 'ephemeral' } }] },
    ];
    expect(readConversation(messages, 'Be kind.')).toEqual({
      messages: [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: [text('Hi'), text('Who'), text('are you?')] },
        { role: 'assistant', content: 'I' },
        { role: 'user', content: 'Go on' },
      ],
      continuesAnswer: false,
      hasToolCalls: false,
    });
  });

  it('has calls of tools and their results as OpenAI writes them', () => {
    const messages = [
      hi,
      { role: 'assistant', content: [text('Let me see.'), use(), use('call-2')] },
      { role: 'user', content: [result('call-2', [text('rain')]), result(), text('And?')] },
      { role: 'assistant', content: [use('call-3')] },
      { role: 'user', content: [result('call-3', 'sun')] },
    ];
    const call = (id: string) => ({
      id,
      type: 'function',
      function: { name: 'weather', arguments: { city: 'Berlin' } },
    });
    const answer = (id: string, content: string) => ({ role: 'tool', tool_call_id: id, name: 'weather', content });
    expect(readConversation(messages, undefined).messages).toEqual([
      hi,
      { role: 'assistant', content: 'Let me see.', tool_calls: [call('call-1'), call('call-2')] },
      answer('call-2', 'rain'),
      answer('call-1', ''),
      { role: 'user', content: 'And?' },
      { role: 'assistant', content: null, tool_calls: [call('call-3')] },
      answer('call-3', 'sun'),
    ]);
  });

  it('continues a last message of the assistant, unless it is empty', () => {
    expect(readConversation([hi, { role: 'assistant', content: 'I am' }], []).continuesAnswer).toBe(true);
    expect(readConversation([hi, { role: 'assistant', content: [] }], '').continuesAnswer).toBe(false);
  });

  it.each([
    ['no list', 'Hi', 'messages'],
    ['no messages', [], 'messages'],
    ['an assistant who begins', [{ role: 'assistant', content: 'I' }, hi], 'messages'],
    ['an unknown role', [{ role: 'developer', content: 'I' }], 'messages[0].role'],
    ['no content', [{ role: 'user' }], 'messages[0].content'],
    ['empty content', [hi, { role: 'assistant', content: '' }, hi], 'messages[1].content'],
    ['an empty block', [{ role: 'user', content: [text('')] }], 'messages[0].content[0].text'],
    ['a document', [{ role: 'user', content: [{ type: 'document' }] }], 'messages[0].content[0].type'],
    ['a call by the user', [{ role: 'user', content: [use()] }], 'messages[0].content[0].type'],
    [
      'citations of the user',
      [{ role: 'user', content: [{ ...text('a'), citations: [{}] }] }],
      'messages[0].content[0].citations',
    ],
    ['thinking', [hi, { role: 'assistant', content: [{ type: 'thinking' }] }], 'messages[1].content[0].type'],
    ['white space at the end', [hi, { role: 'assistant', content: 'I am\n' }], 'messages[1].content'],
    ['a call without an id', [hi, { role: 'assistant', content: [{ ...use(), id: '' }] }], 'messages[1].content[0].id'],
    [
      'an input that is a text',
      [hi, { role: 'assistant', content: [{ ...use(), input: '{}' }] }],
      'messages[1].content[0].input',
    ],
    ['a call without a result', [hi, { role: 'assistant', content: [use()] }, hi], 'messages[1].content[0]'],
    ['a call at the end', [hi, { role: 'assistant', content: [use()] }], 'messages[1].content[0]'],
    ['one id of two calls', [hi, { role: 'assistant', content: [use(), use()] }], 'messages[1].content[1].id'],
    ['a result without a call', [{ role: 'user', content: [result()] }], 'messages[0].content[0].tool_use_id'],
    [
      'a result behind text',
      [hi, { role: 'assistant', content: [use()] }, { role: 'user', content: [text('a'), result()] }],
      'messages[2].content[1]',
    ],
    [
      'two results of a call',
      [hi, { role: 'assistant', content: [use()] }, { role: 'user', content: [result(), result()] }],
      'messages[2].content[1].tool_use_id',
    ],
    [
      'an image in a result',
      [hi, { role: 'assistant', content: [use()] }, { role: 'user', content: [result('call-1', [{ type: 'image' }])] }],
      'messages[2].content[0].content[0].type',
    ],
  ])('is refused with %s', (_, messages, field) => {
    expect(refusal(messages)).toBe(field);
  });

  it('is refused with an image in the system prompt', () => {
    expect(refusal([hi], [{ type: 'image' }])).toBe('system[0].type');
  });
});
