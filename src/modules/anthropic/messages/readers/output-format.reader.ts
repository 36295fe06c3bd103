import { describe, invalid, isGiven, readObject } from '../../../../common/json/json-fields.js';
import { type AnswerGrammarBuilder } from '../../../../grammars/answer-grammars.js';

const FORM = 'Pass {"type": "json_schema", "schema": {...}}, or omit it.';

/** An expression for the answers that `output_config.format` asks for; null for any text. @throws InvalidRequestError */
export function readOutputFormat(config: unknown, grammar: AnswerGrammarBuilder): string | null {
  if (!isGiven(config)) return null;
  const field = 'output_config.format';
  const { format } = readObject(config, 'output_config', 'Pass an object, or omit it.');
  if (!isGiven(format)) return null;
  const { type, schema } = readObject(format, field, FORM);
  if (type !== 'json_schema') throw invalid(`${field}.type`, `is ${describe(type)}.`, FORM);
  return grammar.json(readObject(schema, `${field}.schema`, FORM), `${field}.schema`);
}
