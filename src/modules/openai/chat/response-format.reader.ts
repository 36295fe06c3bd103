import { describe, invalid, isGiven, readObject, readString } from '../../../common/json/json-fields.js';
import { ANY_OBJECT, type AnswerGrammarBuilder } from '../../../grammars/answer-grammars.js';

const FORM =
  'Pass {"type": "text"}, {"type": "json_object"} or {"type": "json_schema", "json_schema": {"name": "...", "schema": {...}}}.';
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** An expression for the answers that `response_format` asks for; null for any text. @throws InvalidRequestError */
export function readResponseFormat(value: unknown, grammar: AnswerGrammarBuilder): string | null {
  const field = 'response_format';
  if (!isGiven(value)) return null;
  const { type, json_schema: described } = readObject(value, field, FORM);
  switch (type) {
    case 'text':
      return null;
    case 'json_object':
      return ANY_OBJECT;
    case 'json_schema': {
      const { name, schema } = readObject(described, `${field}.json_schema`, FORM);
      readFunctionName(name, `${field}.json_schema.name`);
      // Without a schema OpenAI's API writes any JSON.
      return grammar.json(schema ?? { type: 'object' }, `${field}.json_schema.schema`);
    }
    default:
      throw invalid(`${field}.type`, `is ${describe(type)}.`, FORM);
  }
}

/** A name of a schema or of a function. */
export function readFunctionName(value: unknown, field: string): string {
  const name = readString(value, field, 'Pass a name.');
  if (NAME.test(name)) return name;
  throw invalid(field, `is ${describe(name)}.`, 'Use up to 64 letters, digits, underscores and dashes.');
}
