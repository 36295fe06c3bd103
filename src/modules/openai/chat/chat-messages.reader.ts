/**
 * Messages as the readers of conversations take them. OpenAI calls the system prompt of newer models `developer`, which chat
 * templates know as `system`; its client adds what it has parsed to messages that it sends back; and templates want the
 * name of the function whose result a message holds, which is told by the id of the call alone.
 */
export function readChatMessages(messages: unknown): unknown {
  if (!Array.isArray(messages)) return messages;
  const names = new Map<unknown, unknown>();
  return messages.map((message: unknown) => {
    if (!isObject(message)) return message;
    const { parsed: _, ...given } = message;
    const calls = Array.isArray(given['tool_calls']) ? given['tool_calls'].map(readCall) : null;
    for (const call of calls ?? [])
      if (isObject(call) && isObject(call['function'])) names.set(call['id'], call['function']['name']);
    if (given['role'] === 'developer') return { ...given, role: 'system' };
    const name = given['role'] === 'tool' ? (given['name'] ?? names.get(given['tool_call_id'])) : undefined;
    return { ...given, ...(calls ? { tool_calls: calls } : {}), ...(name === undefined ? {} : { name }) };
  });
}

function readCall(call: unknown): unknown {
  if (!isObject(call) || !isObject(call['function'])) return call;
  const { parsed_arguments: _, ...called } = call['function'];
  return { ...call, function: called };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
