import { InvalidRequestError } from '../../../common/errors/request.errors.js';
import { ANY_OBJECT, type AnswerGrammarBuilder } from '../../../grammars/answer-grammars.js';
import { type CallRule } from '../../../base-models/tool-calls/tool-call-format.js';
import { type OfferedFunction, type OfferedTools } from './offered-tools.js';

/** How a model is to use the functions that it is offered. */
export interface ToolUseRules {
  /** `auto`: as it likes; `required`: at least one call; a name: a call of that function. */
  readonly choice: 'auto' | 'required' | { readonly name: string };
  /** Whether an answer may hold several calls. */
  readonly parallel: boolean;
}

/**
 * An expression for the answers that these rules allow, or null where they allow any text. `form`: an expression for an
 * answer without a call, where its form is fixed. `fieldOf`: what the client calls the parameters of a function.
 * @throws InvalidRequestError for parameters of a strict function that cannot be followed
 */
export function toolGrammar(
  { functions, format }: OfferedTools,
  rules: ToolUseRules,
  grammar: AnswerGrammarBuilder,
  form: string | null,
  fieldOf: (index: number) => string,
): string | null {
  const { choice } = rules;
  const parallel = rules.parallel && format.parallel;
  const isFree = choice === 'auto' && form === null;
  if (isFree && rules.parallel && !functions.some(({ strict }) => strict)) return null;
  const callable = functions.flatMap((one, i): CallRule[] => {
    if (typeof choice === 'object' && choice.name !== one.name) return [];
    return [{ name: one.name, arguments: argumentsOf(one, grammar, fieldOf(i)) }];
  });
  if (isFree) return format.textWithCalls(callable, parallel, (expression) => grammar.rule(expression));
  const calls = format.calls(callable, typeof choice === 'object' ? false : parallel);
  return choice === 'auto' ? `(${form ?? ''} | ${calls})` : calls;
}

/** Only a strict function is promised arguments of its schema: one that cannot be followed gets any object else. */
function argumentsOf({ parameters, strict }: OfferedFunction, grammar: AnswerGrammarBuilder, field: string): string {
  if (parameters === undefined) return '"{}"';
  try {
    return grammar.json({ type: 'object', ...parameters }, field);
  } catch (error) {
    if (strict || !(error instanceof InvalidRequestError)) throw error;
    return ANY_OBJECT;
  }
}
