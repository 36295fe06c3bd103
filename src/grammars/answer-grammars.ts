import { JSON_RULES } from './json-rules.js';
import { SchemaGrammar } from './json-schema/schema-grammar.js';

/** Longer ones are refused: compiling takes time and memory. */
export const MAX_GRAMMAR_LENGTH = 500_000;

/** Any JSON object. */
export function jsonObjectGrammar(): string {
  return `root ::= json_object\n${JSON_RULES}`;
}

/** The values of a JSON schema. @throws InvalidRequestError that names the keyword that cannot be followed */
export function schemaAnswerGrammar(schema: unknown, path: string): string {
  const grammar = new SchemaGrammar();
  const root = grammar.add(schema, path);
  return `root ::= ${root}\n${grammar.rules}${JSON_RULES}`;
}
