import { isStorable } from '../../common/http/validation/is-storable.js';
import {
  describe,
  invalid,
  type JsonObject,
  readObject,
  readString,
  refuseUnknownFields,
} from '../../common/json/json-fields.js';
import { tokensOf } from '../../losses/expressions/expression-parser.js';
import { type ConfigDefinition, type InputDefinition, type LossDefinition } from '../../domain/loss-definition.js';
import { LossTooLargeError } from '../../losses/errors/loss-too-large.error.js';

/*
 * The definition of a loss as a client sends it. Everything is read into a new object, field by field: nothing walks
 * what is not understood, however deep or large it is.
 */

const MAX_BYTES = 64 * 1024;
/** Names, numbers and signs of all formulas: parsing them blocks the process for about a tenth of a second. */
const MAX_TOKENS = 4000;
const MAX_ENTRIES = { let: 64, metrics: 32, config: 64, inputs: 64 };
const MAX_DESCRIPTION = 2000;
/** A longer one would make the error itself long. */
const MAX_NAME = 64;
const FORM = 'A loss is {"name": "my_loss", "loss": "-sum(weights * target_logprobs)", ...}: see /docs.';
const FORMULA = 'A formula is a string such as "-sum(weights * target_logprobs)".';

/**
 * A definition that is new. What is stored or logged is not read again: it stays as good as it was.
 * @param field where it stands in the body. What formulas say is not looked into: compiling does that.
 */
export function readLossDefinition(value: unknown, field = ''): LossDefinition {
  const path = (name: string) => (field === '' ? name : `${field}.${name}`);
  const body = readObject(value, field === '' ? 'body' : field, FORM);
  refuseUnknownFields(body, ['name', 'description', 'let', 'loss', 'mask', 'metrics', 'config', 'inputs'], field);
  const formula = (entry: unknown, at: string) => readString(entry, at, FORMULA);
  const definition: LossDefinition = {
    name: readString(body['name'], path('name'), FORM),
    ...readDescription(body, field),
    ...readEntries(body, 'let', path('let'), formula),
    loss: formula(body['loss'], path('loss')),
    ...(isGiven(body, 'mask') ? { mask: formula(body['mask'], path('mask')) } : {}),
    ...readEntries(body, 'metrics', path('metrics'), formula),
    ...readEntries(body, 'config', path('config'), readConfig),
    ...readEntries(body, 'inputs', path('inputs'), readInput),
  };
  checkText(definition, field);
  return definition;
}

function isGiven(object: JsonObject, name: string): boolean {
  return (object[name] ?? undefined) !== undefined;
}

function readEntries<K extends keyof typeof MAX_ENTRIES, T>(
  body: JsonObject,
  name: K,
  field: string,
  read: (value: unknown, field: string) => T,
): { [name in K]?: Record<string, T> } {
  if (!isGiven(body, name)) return {};
  const entries = Object.entries(readObject(body[name], field, `Pass {"name": ...} in ${field}.`));
  if (entries.length > MAX_ENTRIES[name]) {
    throw invalid(field, `has ${entries.length} entries.`, `At most ${MAX_ENTRIES[name]} are allowed.`);
  }
  const long = entries.find(([key]) => key.length > MAX_NAME);
  if (long) throw invalid(field, `has a name of ${long[0].length} characters.`, `At most ${MAX_NAME} are allowed.`);
  const values = Object.fromEntries(entries.map(([key, value]) => [key, read(value, `${field}.${key}`)]));
  return { [name]: values } as { [name in K]?: Record<string, T> };
}

function readConfig(value: unknown, field: string): number | ConfigDefinition {
  if (typeof value === 'number') return readNumber(value, field);
  const key = readObject(value, field, 'Pass its default (a number) or {"default", "min", "max", "description"}.');
  refuseUnknownFields(key, ['default', 'min', 'max', 'description'], field);
  return {
    default: readNumber(key['default'], `${field}.default`),
    ...(isGiven(key, 'min') ? { min: readNumber(key['min'], `${field}.min`) } : {}),
    ...(isGiven(key, 'max') ? { max: readNumber(key['max'], `${field}.max`) } : {}),
    ...readDescription(key, field),
  };
}

function readInput(value: unknown, field: string): InputDefinition {
  const input = readObject(value, field, 'Pass {"per": "token" or "datum", "default": 1, "description": "..."}.');
  refuseUnknownFields(input, ['per', 'default', 'description'], field);
  const { per } = input;
  if (isGiven(input, 'per') && per !== 'token' && per !== 'datum') {
    throw invalid(`${field}.per`, `is ${describe(per)}.`, 'Use "token" (the default) or "datum".');
  }
  return {
    ...(per === 'token' || per === 'datum' ? { per } : {}),
    ...(isGiven(input, 'default') ? { default: readNumber(input['default'], `${field}.default`) } : {}),
    ...readDescription(input, field),
  };
}

function readNumber(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalid(
    field,
    `must be a finite number, but is ${describe(value)}.`,
    'Pass a number such as 0.1; the maximum is 1.8e308.',
  );
}

function readDescription(object: JsonObject, parent: string): { description?: string } {
  if (!isGiven(object, 'description')) return {};
  const field = parent === '' ? 'description' : `${parent}.description`;
  const description = readString(object['description'], field, 'Describe its purpose in words.');
  if (description.length <= MAX_DESCRIPTION) return { description };
  throw invalid(field, `has ${description.length} characters.`, `At most ${MAX_DESCRIPTION} are allowed.`);
}

function formulasOf({ let: values = {}, loss, mask = '', metrics = {} }: LossDefinition): string[] {
  return [...Object.values(values), loss, mask, ...Object.values(metrics)];
}

function checkText(definition: LossDefinition, field: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(definition));
  if (bytes > MAX_BYTES) throw new LossTooLargeError(bytes, MAX_BYTES, 'bytes');
  const tokens = formulasOf(definition).reduce((sum, source) => sum + tokensOf(source).length, 0);
  if (tokens > MAX_TOKENS)
    throw new LossTooLargeError(tokens, MAX_TOKENS, 'names, numbers and operators in its formulas');
  if (isStorable(definition)) return;
  throw invalid(field === '' ? 'body' : field, 'contains a NUL byte or an unpaired surrogate.', 'Send text in UTF-8.');
}
