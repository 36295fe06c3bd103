import { invalid, readString } from '../../common/json/json-fields.js';
import { type RowShape } from './row-shape.js';

const FORM = 'Pass a string; conversations go into messages.';

/** {"prompt": "...", "completion": "..."}: plain text, without a chat template. */
export const PROMPT_COMPLETION: RowShape = {
  name: 'prompt and completion',
  marks: ['prompt', 'completion'],
  fields: [],
  read(row) {
    const prompt = readString(row['prompt'], 'prompt', FORM);
    const completion = readString(row['completion'], 'completion', FORM);
    if (completion === '') throw invalid('completion', 'is empty.', 'It is what is trained.');
    return { kind: 'completion', prompt, completion };
  },
};
