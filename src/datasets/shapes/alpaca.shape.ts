import { invalid, isGiven, readString } from '../../common/json/json-fields.js';
import { refuseGiven, type RowShape } from './row-shape.js';

const FORM = 'Pass a string.';

/** {"instruction", "input", "output"}, rendered with the two templates that Stanford Alpaca was trained with. */
export const ALPACA: RowShape = {
  name: 'Alpaca (instruction, input, output)',
  marks: ['instruction', 'output'],
  fields: ['input', 'system', 'history'],
  read(row) {
    refuseGiven(row, 'system', "Alpaca's template does not support it; use messages.");
    refuseGiven(row, 'history', "Alpaca's template does not support it; use messages.");
    const instruction = readString(row['instruction'], 'instruction', FORM);
    const input = isGiven(row['input']) ? readString(row['input'], 'input', FORM) : '';
    const completion = readString(row['output'], 'output', FORM);
    if (instruction === '') throw invalid('instruction', 'is empty.', 'Remove the row.');
    if (completion === '') throw invalid('output', 'is empty.', 'It is what is trained.');
    return { kind: 'completion', prompt: alpacaPrompt(instruction, input), completion };
  },
};

/** https://github.com/tatsu-lab/stanford_alpaca/blob/main/train.py, PROMPT_DICT. */
export function alpacaPrompt(instruction: string, input: string): string {
  if (input === '') {
    return (
      'Below is an instruction that describes a task. ' +
      'Write a response that appropriately completes the request.\n\n' +
      `### Instruction:\n${instruction}\n\n### Response:`
    );
  }
  return (
    'Below is an instruction that describes a task, paired with an input that provides further context. ' +
    'Write a response that appropriately completes the request.\n\n' +
    `### Instruction:\n${instruction}\n\n### Input:\n${input}\n\n### Response:`
  );
}
