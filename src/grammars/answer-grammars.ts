import { JSON_RULES } from './json-rules.js';
import { SchemaGrammar } from './json-schema/schema-grammar.js';

/** Puts the grammar of an answer together. */
export class AnswerGrammarBuilder {
  private readonly schemas = new SchemaGrammar();

  /** An expression for the values of a JSON schema. @throws InvalidRequestError that names what cannot be followed */
  json(schema: unknown, path: string): string {
    return this.schemas.add(schema, path);
  }

  /** The name of a rule. */
  rule(expression: string): string {
    return this.schemas.rule(expression);
  }

  /** The grammar, whose answers are those of this expression. */
  build(root: string): string {
    return `root ::= ${root}\n${this.schemas.rules}${JSON_RULES}`;
  }
}

/** Any JSON object. */
export const ANY_OBJECT = 'json_object';

/** The values of a JSON schema. @throws InvalidRequestError that names the keyword that cannot be followed */
export function schemaAnswerGrammar(schema: unknown, path: string): string {
  const builder = new AnswerGrammarBuilder();
  return builder.build(builder.json(schema, path));
}
