import { ValidateBy } from 'class-validator';
import { isStorable } from './is-storable.js';

const MAX_PAIRS = 16;
const MAX_NAME = 64;
const MAX_TEXT = 512;

/** OpenAI's metadata: an object with a few short texts, which Postgres can hold. */
export const IsMetadata = () =>
  ValidateBy({
    name: 'isMetadata',
    validator: {
      validate: isMetadata,
      defaultMessage: () =>
        `$property must be an object with at most ${MAX_PAIRS} texts of up to ${MAX_TEXT} characters, under names of up to ${MAX_NAME}`,
    },
  });

export type Metadata = Readonly<Record<string, string>>;

export function isMetadata(value: unknown): value is Metadata {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const pairs = Object.entries(value);
  const fits = (text: unknown, most: number) => typeof text === 'string' && text.length <= most && isStorable(text);
  return pairs.length <= MAX_PAIRS && pairs.every(([name, text]) => fits(name, MAX_NAME) && fits(text, MAX_TEXT));
}
