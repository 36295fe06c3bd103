import { InvalidArgumentError, Option } from 'commander';

/** Parsers of option values, which name the expected form in their errors, and options that several commands have. */

export const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < min || value > max) {
      const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`;
      throw new InvalidArgumentError(`It must be an integer, ${range}.`);
    }
    return value;
  };

export const list = (text: string): string[] => {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It must be a comma-separated list.');
  return names;
};

export const positiveNumber = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new InvalidArgumentError('It must be a number, 0 or more.');
  }
  return value;
};

/** How to sample. */
export interface SamplingOptions {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topP?: number;
  readonly seed?: number;
}

export function samplingOptions(temperature: number): Option[] {
  return [
    new Option('--max-tokens <number>', 'maximum length of an answer').argParser(wholeNumber(1)).default(256),
    new Option('--temperature <number>', '0 = always the most likely token')
      .argParser(positiveNumber)
      .default(temperature),
    new Option('--top-p <number>', 'sample from the most likely tokens of this total probability').argParser(
      positiveNumber,
    ),
    new Option('--seed <number>', 'same seed, same answer').argParser(wholeNumber(0)),
  ];
}
