import { grammar, type MatchResult, type Node } from 'ohm-js';
import { type Expression, type Span } from './expression-tree.js';
import { ExpressionError } from './expression.errors.js';

/** Bounds of one expression; within them, what walks its tree stays far from the end of the stack. */
export const MAX_SOURCE_LENGTH = 4096;
const MAX_TOKENS = 600;
const MAX_DEPTH = 40;

/** Python's operators and their precedence, without its chained comparisons. */
const GRAMMAR = grammar(String.raw`
  LossExpression {
    Expression = Or
    Or         = Or or And                                      -- binary
               | And
    And        = And and Not                                    -- binary
               | Not
    Not        = not Not                                        -- unary
               | Comparison
    Comparison = Sum ("<=" | ">=" | "==" | "!=" | "<" | ">") Sum  -- binary
               | Sum
    Sum        = Sum ("+" | "-") Product                        -- binary
               | Product
    Product    = Product (times | "/") Unary                    -- binary
               | Unary
    Unary      = "-" Unary                                      -- minus
               | Power
    Power      = Atom "**" Unary                                -- binary
               | Atom
    Atom       = "(" Expression ")"                             -- brackets
               | name "(" ListOf<Expression, ","> ")"           -- call
               | name
               | number

    times      = "*" ~"*"
    or         = "or" ~wordPart
    and        = "and" ~wordPart
    not        = "not" ~wordPart
    name (a name)     = ~(or | and | not) (letter | "_") wordPart*
    number (a number) = mantissa exponent? ~wordPart
    mantissa   = digit+ "." digit*                              -- point
               | "." digit+                                     -- fraction
               | digit+                                         -- whole
    exponent   = ("e" | "E") ("+" | "-")? digit+
    wordPart   = alnum | "_"
  }
`);

const semantics = GRAMMAR.createSemantics().addOperation<Expression>('tree', {
  Or_binary: binary,
  And_binary: binary,
  Comparison_binary: binary,
  Sum_binary: binary,
  Product_binary: binary,
  Power_binary: binary,
  Not_unary: (operator, operand) => call('not', [operand], operator, operand),
  Unary_minus: (operator, operand) => call('negate', [operand], operator, operand),
  Atom_brackets: (_open, inner, _close) => treeOf(inner),
  Atom_call: (name, _open, args, close) => call(name.sourceString, args.asIteration().children, name, close),
  name: (first, rest) => ({ kind: 'name', name: first.sourceString + rest.sourceString, span: spanOf(first, rest) }),
  number: (mantissa, exponent) => ({
    kind: 'number',
    value: Number(mantissa.sourceString + exponent.sourceString),
    span: spanOf(mantissa, exponent),
  }),
});

/** Parses an expression. `field` names it in errors. @throws ExpressionError at the character where it goes wrong */
export function parseExpression(source: string, field: string): Expression {
  checkSize(source, field);
  const match = GRAMMAR.match(source);
  if (match.failed()) throw syntaxError(source, field, match);
  const tree = treeOf(semantics(match));
  checkNumbers(tree, source, field);
  return tree;
}

function checkNumbers(expression: Expression, source: string, field: string): void {
  if (expression.kind === 'call') for (const arg of expression.args) checkNumbers(arg, source, field);
  if (expression.kind !== 'number' || Number.isFinite(expression.value)) return;
  throw new ExpressionError(field, source, expression.span, 'this number is too large for float64.');
}

/** What ohm tells of a text that does not follow the grammar; its type declarations leave these two out. */
interface FailedMatch extends MatchResult {
  getRightmostFailurePosition(): number;
  getExpectedText(): string;
}

function syntaxError(source: string, field: string, match: FailedMatch): ExpressionError {
  const at = match.getRightmostFailurePosition();
  const found = at >= source.length ? 'the end of the formula' : `'${String.fromCodePoint(source.codePointAt(at)!)}'`;
  const problem = `found ${found}, expected ${match.getExpectedText()}.`;
  return new ExpressionError(field, source, { from: at, to: at + 1 }, problem, HINT);
}

const HINT =
  'Formulas use Python syntax: + - * / **, comparisons (not chained), and, or, not, function(arguments). ' +
  'Strings, attributes, indices and assignments are not supported.';

/** Names, numbers and signs, roughly: what a source costs, told without parsing it. */
export function tokensOf(source: string): RegExpExecArray[] {
  return [...source.matchAll(/\w+|\*\*|[^\s\w]/g)];
}

function checkSize(source: string, field: string): void {
  const refuse = (at: number, problem: string): never => {
    throw new ExpressionError(field, source, { from: at, to: at + 1 }, problem, 'Split it into named values in "let".');
  };
  if (source.length > MAX_SOURCE_LENGTH) {
    refuse(MAX_SOURCE_LENGTH, `it has ${source.length} characters; the limit is ${MAX_SOURCE_LENGTH}.`);
  }
  let tokens = 0;
  let brackets = 0;
  let signs = 0;
  for (const { 0: token, index } of tokensOf(source)) {
    brackets += Number(token === '(') - Number(token === ')');
    // Signs, `not` and powers nest to the right without brackets.
    signs = ['-', 'not', '**'].includes(token) ? signs + 1 : 0;
    if (brackets > MAX_DEPTH || signs > MAX_DEPTH) refuse(index, `it is nested more than ${MAX_DEPTH} levels deep.`);
    if (++tokens > MAX_TOKENS) refuse(index, `it has more than ${MAX_TOKENS} names, numbers and operators.`);
  }
}

function binary(left: Node, operator: Node, right: Node): Expression {
  return call(operator.sourceString, [left, right], left, right);
}

function call(name: string, args: readonly Node[], first: Node, last: Node): Expression {
  return { kind: 'call', name, args: args.map(treeOf), span: spanOf(first, last) };
}

function treeOf(node: { readonly [name: string]: unknown }): Expression {
  return (node as { tree(): Expression } & typeof node).tree();
}

function spanOf(first: Node, last: Node): Span {
  return { from: first.source.startIdx, to: Math.max(first.source.endIdx, last.source.endIdx) };
}
