import { readObject } from '../../common/json/json-fields.js';
import { readContinuation, readPromptChat, readToolsOf, refuseWeights } from './chat-fields.js';
import { type RowShape } from './row-shape.js';

const INPUT_FORM = 'Pass {"messages": [...], "tools": [...]}.';

/** {"input": {"messages": [...]}, "preferred_output": [...], "non_preferred_output": [...]}, as OpenAI's DPO takes it. */
export const OPENAI_PREFERENCE: RowShape = {
  name: 'preference (input, preferred_output, non_preferred_output)',
  marks: ['preferred_output', 'non_preferred_output'],
  fields: ['input'],
  read(row) {
    const input = readObject(row['input'], 'input', INPUT_FORM);
    const prompt = readPromptChat(input['messages'], 'input.messages');
    const preferred = readContinuation(row['preferred_output'], 'preferred_output');
    const rejected = readContinuation(row['non_preferred_output'], 'non_preferred_output');
    refuseWeights(prompt, 'input.messages');
    refuseWeights(preferred, 'preferred_output');
    refuseWeights(rejected, 'non_preferred_output');
    return { kind: 'preference', prompt, preferred, rejected, ...readToolsOf(input, 'input.tools') };
  },
};
