import { InvalidRequestError } from '../../errors/request.errors.js';
import { shortened } from '../../shortened.js';

/** Shorter arrays cost nothing worth saving and stay where they are. */
export const LONG_ARRAY = 32;

/** Deeper than any request means to be; what walks a body after this does so by recursion. */
const MAX_DEPTH = 100;

/**
 * class-validator takes 60 microseconds for an object with a class and 50 for a field that it does not know: what it is
 * given must be over in tens of milliseconds.
 */
const MAX_OBJECTS = 1000;
const MAX_FIELDS = 4000;

/** A long array of numbers that was taken out of a body, and where it stood. */
export interface TakenArray {
  readonly path: readonly (string | number)[];
  readonly numbers: readonly number[];
}

/**
 * Takes long arrays of numbers out of a parsed JSON body: they are replaced in the copy by an array with their first number
 * only, so that rules like "is an array of numbers" still hold. Everything that walks the copy (class-transformer takes
 * 0.5 microseconds a number) is spared them. Each number is looked at once: it must be a finite number.
 * @throws InvalidRequestError naming the element that is not, or the field that is nested too deeply or holds too much
 */
export function takeNumberArrays(body: unknown): { readonly rest: unknown; readonly taken: readonly TakenArray[] } {
  const walk: Walk = { taken: [], objects: 0, fields: 0 };
  const rest = copyWithout(body, [], walk);
  const { taken } = walk;
  return { rest: taken.length === 0 ? body : rest, taken };
}

/** Puts the arrays back into what became of the copy; those whose path is gone are left out. */
export function restoreNumberArrays(value: unknown, taken: readonly TakenArray[]): void {
  for (const { path, numbers } of taken) {
    const parent = path.slice(0, -1).reduce(ownValue, value);
    const key = path.at(-1);
    if (key !== undefined && isContainer(parent) && Array.isArray(ownValue(parent, key))) parent[key] = numbers;
  }
}

/** `data[2].tokens` */
export function fieldPath(path: readonly (string | number)[]): string {
  const named = path.map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i === 0 ? '' : '.'}${shortened(key)}`));
  return named.join('');
}

interface Walk {
  readonly taken: TakenArray[];
  objects: number;
  fields: number;
}

function copyWithout(value: unknown, path: (string | number)[], walk: Walk): unknown {
  if (Array.isArray(value)) {
    if (value.length >= LONG_ARRAY && typeof value[0] === 'number') {
      if (path.length > 0) {
        walk.taken.push({ path, numbers: checkFinite(value, path) });
        return [value[0]];
      }
      return checkFinite(value, path);
    }
    checkDepth(path);
    return value.map((item, i) => copyWithout(item, [...path, i], walk));
  }
  if (typeof value !== 'object' || value === null) return value;
  checkDepth(path);
  const entries = Object.entries(value);
  countObject(entries.length, path, walk);
  return Object.fromEntries(entries.map(([key, item]) => [key, copyWithout(item, [...path, key], walk)]));
}

function countObject(fields: number, path: readonly (string | number)[], walk: Walk): void {
  walk.objects++;
  walk.fields += fields;
  if (walk.objects <= MAX_OBJECTS && walk.fields <= MAX_FIELDS) return;
  const field = fieldPath(path.slice(0, 1));
  const [count, what] = walk.objects > MAX_OBJECTS ? [MAX_OBJECTS, 'objects'] : [MAX_FIELDS, 'fields'];
  const remedy = 'Send less per request.';
  throw new InvalidRequestError(`${field || 'The body'} contains more than ${count} ${what}. ${remedy}`, {
    field,
    remedy,
  });
}

function checkDepth(path: readonly (string | number)[]): void {
  if (path.length < MAX_DEPTH) return;
  const field = fieldPath(path.slice(0, 3));
  const remedy = `Use at most ${MAX_DEPTH} levels.`;
  throw new InvalidRequestError(`${field} is nested too deeply. ${remedy}`, { field, remedy });
}

function checkFinite(values: readonly unknown[], path: readonly (string | number)[]): readonly number[] {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const field = fieldPath([...path, i]);
    throw new InvalidRequestError(`${field} must be a finite number like the preceding ones.`, { field });
  }
  return values as readonly number[];
}

/** Own properties only: a key such as __proto__ must not lead to a shared object. */
function ownValue(container: unknown, key: string | number): unknown {
  return isContainer(container) && Object.hasOwn(container, key) ? container[key] : undefined;
}

function isContainer(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
