import { type ChatMessage } from '../../base-models/chat-templates/conversation.js';
import { describe, invalid, isGiven, readArray, readObject, readString } from '../../common/json/json-fields.js';
import { readTrainedChat } from './chat-fields.js';
import { refuseGiven, type RowShape } from './row-shape.js';

const FORM = 'A turn is {"from": "human" or "gpt", "value": "..."}.';
const ROLES: ReadonlyMap<string, string> = new Map([
  ['system', 'system'],
  ['human', 'user'],
  ['user', 'user'],
  ['gpt', 'assistant'],
  ['assistant', 'assistant'],
]);

/** {"conversations": [{"from": "human", "value": "..."}, {"from": "gpt", "value": "..."}]}, as ShareGPT's dumps are. */
export const SHAREGPT: RowShape = {
  name: 'ShareGPT (conversations)',
  marks: ['conversations'],
  fields: ['system', 'tools'],
  read(row) {
    refuseGiven(row, 'tools', 'Use the fields messages and tools of the chat shape.');
    const turns = readArray(row['conversations'], 'conversations', FORM).map((turn, i) => readTurn(turn, i));
    const { system } = row;
    if (isGiven(system) && system !== '') {
      if (turns[0]?.role === 'system') throw invalid('system', 'is given beside a turn of the system.', 'Keep one.');
      turns.unshift({ role: 'system', content: readString(system, 'system', 'Pass a string.') });
    }
    return { kind: 'chat', messages: readTrainedChat(turns, 'conversations') };
  },
};

function readTurn(value: unknown, i: number): ChatMessage {
  const field = `conversations[${i}]`;
  const turn = readObject(value, field, FORM);
  const from = readString(turn['from'], `${field}.from`, FORM);
  const role = ROLES.get(from);
  if (role === undefined) {
    throw invalid(`${field}.from`, `is ${describe(from)}.`, `Use one of ${[...ROLES.keys()].join(', ')}.`);
  }
  return { role, content: readString(turn['value'], `${field}.value`, FORM) };
}
