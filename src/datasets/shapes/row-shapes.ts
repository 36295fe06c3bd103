import { type JsonObject } from '../../common/json/json-fields.js';
import { ALPACA } from './alpaca.shape.js';
import { OPENAI_CHAT } from './openai-chat.shape.js';
import { OPENAI_PREFERENCE } from './openai-preference.shape.js';
import { PROMPT_COMPLETION } from './prompt-completion.shape.js';
import { hasMarks, type RowShape } from './row-shape.js';
import { SHAREGPT } from './sharegpt.shape.js';
import { TRL_PREFERENCE } from './trl-preference.shape.js';

/** Preferences first: some data sets of pairs repeat the chosen conversation as `messages`. */
export const ROW_SHAPES: readonly RowShape[] = [
  OPENAI_PREFERENCE,
  TRL_PREFERENCE,
  OPENAI_CHAT,
  SHAREGPT,
  PROMPT_COMPLETION,
  ALPACA,
];

export function shapeOf(row: JsonObject): RowShape | null {
  return ROW_SHAPES.find((shape) => hasMarks(row, shape)) ?? null;
}
