import { type BaseModel } from '../../../base-models/base-model.js';
import { describe, invalid, isGiven } from '../../../common/json/json-fields.js';
import { readTokenIds } from '../../../common/json/number-lists.js';
import { type StopRules } from '../sampling-order.js';

/** Each is looked for in the text after every token. */
const MAX_STOP_STRINGS = 16;
const MAX_STOP_TOKENS = 1024;

/** Stop strings and token ids of a request. A special token is not part of the text, so its text stands for its id. */
export function readStop(stop: unknown, field: string, model: BaseModel): Omit<StopRules, 'endTokens'> {
  if (!isGiven(stop)) return { tokens: [], strings: [] };
  const list: readonly unknown[] = Array.isArray(stop) ? stop : [stop];
  const areTokens = Array.isArray(stop) && list.every((entry) => typeof entry === 'number');
  if (list.length > (areTokens ? MAX_STOP_TOKENS : MAX_STOP_STRINGS)) {
    const remedy = `Pass at most ${MAX_STOP_STRINGS} strings or ${MAX_STOP_TOKENS} token ids.`;
    throw invalid(field, `has ${list.length} entries.`, remedy);
  }
  if (areTokens) {
    const tokens = new Int32Array(list.length);
    readTokenIds(list, field, model.config.vocabSize, tokens, 0);
    return { tokens: [...tokens], strings: [] };
  }
  const strings = list.map((entry, i) => {
    if (typeof entry === 'string' && entry !== '') return entry;
    throw invalid(
      Array.isArray(stop) ? `${field}[${i}]` : field,
      `is ${describe(entry)}.`,
      'Pass a string, a list of non-empty strings, or token ids.',
    );
  });
  const special = strings.flatMap((text) => model.tokenizer.specialTokens.get(text) ?? []);
  return { tokens: special, strings: strings.filter((text) => !model.tokenizer.specialTokens.has(text)) };
}
