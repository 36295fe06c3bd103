import { isGiven } from './json-fields.js';
import { InvalidRequestError } from '../errors/request.errors.js';

/** The value of a setting that has two names. @throws InvalidRequestError where both are given and differ */
export function oneSetting<T>(
  first: T | null | undefined,
  second: T | null | undefined,
  name: string,
  alias: string,
): T | undefined {
  if (isGiven(first) && isGiven(second) && first !== second) {
    const remedy = 'They are two names of one setting: pass only one of them.';
    throw new InvalidRequestError(`${name} and ${alias} differ. ${remedy}`, { field: alias, remedy });
  }
  return first ?? second ?? undefined;
}
