import { describe, expect, it } from 'vitest';
import { AppError } from '../../common/errors/app-error.js';
import { readMessages, readTemplateVariables, readTools } from './conversation.reader.js';

const read = (value: unknown) => readMessages(value, 'messages', 100);

function refusal(act: () => unknown): { field: unknown; message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError && error.status === 400)
      return { field: error.details.field, message: error.message };
    throw error;
  }
  throw new Error('nothing was refused');
}

const user = { role: 'user', content: 'Hi' };
const call = { id: 'call_1', type: 'function', function: { name: 'weather', arguments: { city: 'Oslo' } } };

describe('readMessages', () => {
  it('takes what the assistant of the openai client says as it is', () => {
    // The message of a chat completion, as model_dump() writes it.
    const dumped = {
      content: 'Hello!',
      refusal: null,
      role: 'assistant',
      annotations: [],
      audio: null,
      function_call: null,
      tool_calls: null,
    };
    expect(read([user, dumped]).messages).toEqual([user, { role: 'assistant', content: 'Hello!' }]);
  });

  it('keeps the fields that templates read', () => {
    const messages = [
      { role: 'developer', content: [{ type: 'text', text: 'Be brief.' }] },
      { role: 'user', name: 'alice', content: 'Weather?' },
      { role: 'assistant', content: null, reasoning_content: 'I need a tool.', tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: '3 degrees' },
      { role: 'ipython', content: '' },
    ];
    expect(read(messages).messages).toEqual(messages);
  });

  it('reads the arguments of a call where they are JSON text', () => {
    const text = { ...call, function: { name: 'weather', arguments: '{"city": "Oslo"}' } };
    const bare = { name: 'weather', arguments: '{"city": "Oslo"}' };
    const [message] = read([{ role: 'assistant', tool_calls: [text, bare] }]).messages;
    expect(message).toEqual({ role: 'assistant', content: null, tool_calls: [call, call.function] });
  });

  it('gives the weights beside the messages', () => {
    const { messages, weights } = read([user, { role: 'assistant', content: 'a', weight: 0 }]);
    expect(weights).toEqual([null, 0]);
    expect(messages[1]).toEqual({ role: 'assistant', content: 'a' });
  });

  it.each([
    ['no list', 'Hi', 'messages'],
    ['none', [], 'messages'],
    ['more than the context has tokens', new Array(101).fill(user), 'messages'],
    ['a message that is not an object', ['Hi'], 'messages[0]'],
    ['no role', [{ content: 'a' }], 'messages[0].role'],
    ['no content', [{ role: 'user' }], 'messages[0].content'],
    ['null content without calls', [{ role: 'assistant', content: null }], 'messages[0].content'],
    ['a number as content', [{ role: 'user', content: 1 }], 'messages[0].content'],
    ['an image', [{ role: 'user', content: [{ type: 'image_url' }] }], 'messages[0].content[0].type'],
    ['a part without text', [{ role: 'user', content: [{ type: 'text' }] }], 'messages[0].content[0].text'],
    ['an unknown field', [{ ...user, rloe: 'x' }], 'messages[0].rloe'],
    ['a function call of the old form', [{ ...user, function_call: { name: 'f' } }], 'messages[0].function_call'],
    ['a name that is not text', [{ ...user, name: 1 }], 'messages[0].name'],
    ['a weight that is not a number', [{ ...user, weight: 'high' }], 'messages[0].weight'],
    ['a call without a name', [{ role: 'assistant', tool_calls: [{}] }], 'messages[0].tool_calls[0].name'],
    [
      'arguments that are no JSON',
      [{ role: 'assistant', tool_calls: [{ function: { name: 'f', arguments: '{' } }] }],
      'messages[0].tool_calls[0].function.arguments',
    ],
  ])('refuses %s', (_what, value, field) => {
    expect(refusal(() => read(value)).field).toBe(field);
  });
});

describe('readTools', () => {
  it('takes descriptions of functions, and nothing', () => {
    const tool = { type: 'function', function: { name: 'weather', parameters: { type: 'object' } } };
    expect(readTools([tool], 'tools')).toEqual([tool]);
    expect(readTools(null, 'tools')).toBeUndefined();
    expect(refusal(() => readTools(['weather'], 'tools')).field).toBe('tools[0]');
  });
});

describe('readTemplateVariables', () => {
  it('takes variables but those with a field of their own', () => {
    expect(readTemplateVariables({ enable_thinking: false }, 'chat_template_kwargs')).toEqual({
      enable_thinking: false,
    });
    const { field } = refusal(() => readTemplateVariables({ messages: [] }, 'chat_template_kwargs'));
    expect(field).toBe('chat_template_kwargs.messages');
  });
});
