import { TARGET_TOKENS, WEIGHTS } from '../loss-function.js';
import { ELEMENTWISE } from './elementwise.js';
import { ExpressionError } from './expression.errors.js';
import { parseExpression } from './expression-parser.js';
import { type Expression } from './expression-tree.js';
import { type LossDefinition } from '../../domain/loss-definition.js';
import { FUNCTION_NAMES } from './function-names.js';
import { type Formula, LossScope } from './loss-scope.js';
import { type LossProgram, type Operation, type Shape, type Step } from './loss-program.js';
import { REDUCTIONS } from './reductions.js';

/** Most steps of one loss. What they come to with the targets of a batch is bounded apart (LossRegistry.checkInputs). */
const MAX_STEPS = 400;
const COUNTS = { token_count: 'token', position_count: 'position', datum_count: 'datum' } as const;

/**
 * Checks a written loss and turns it into steps. @throws ExpressionError, which points at the character, and
 * InvalidRequestError for what is wrong outside of formulas
 */
export function compileLoss(definition: LossDefinition): LossProgram {
  return new LossCompiler(definition).compile();
}

class LossCompiler {
  private readonly steps: Step[] = [];
  /** Steps by what they compute, so that equal sub-formulas are computed once. */
  private readonly known = new Map<string, number>();
  private readonly scope: LossScope;

  constructor(private readonly definition: LossDefinition) {
    this.scope = new LossScope(definition);
  }

  compile(): LossProgram {
    const { definition, scope } = this;
    for (const [name, source] of Object.entries(definition.let ?? {})) {
      scope.checkFree(name, `let.${name}`);
      scope.define(name, this.formula(source, `let.${name}`));
    }
    const loss = this.number('loss', definition.loss, 'Wrap it in sum(...) or mean(...).');
    if (!this.steps[loss]!.hasGradient) {
      const problem = 'it does not depend on target_logprobs, so it has no gradient.';
      // A misspelt name is an input like any other until here.
      const inputs = [...scope.inputs.keys()].join(', ') || 'none';
      const remedy = `Use target_logprobs outside of stop_gradient(...). These names are inputs of the request: ${inputs}.`;
      throw new ExpressionError('loss', definition.loss, { from: 0, to: definition.loss.length }, problem, remedy);
    }
    const metrics = new Map<string, number>();
    for (const [name, source] of Object.entries(definition.metrics ?? {})) {
      scope.checkSyntax(name, `metrics.${name}`);
      metrics.set(name, this.number(`metrics.${name}`, source, 'Wrap it in mean(...) or sum(...).'));
    }
    const mask = this.mask();
    scope.refuseUnusedInputs();
    const inputs = [TARGET_TOKENS, ...[...scope.inputs.values()].filter(({ name }) => name !== TARGET_TOKENS.name)];
    return { steps: this.steps, loss, metrics, mask, inputs, config: [...scope.config.values()] };
  }

  private mask(): number | null {
    const { mask } = this.definition;
    const weights = this.scope.inputs.get(WEIGHTS.name);
    if (mask === undefined) return weights?.per === 'datum' || !weights ? null : this.formula('weights != 0', 'mask');
    const step = this.formula(mask, 'mask');
    const { type, shape } = this.steps[step]!;
    const refuse = (problem: string): never => {
      throw new ExpressionError('mask', mask, { from: 0, to: mask.length }, problem, 'Example: "advantages != 0".');
    };
    if (type !== 'condition') refuse('it is a number, but a mask must be a condition.');
    if (shape !== 'token') refuse('it is not a per-token condition.');
    if (this.uses(step, ({ kind }) => kind === 'target_logprobs')) {
      refuse('it depends on target_logprobs, but the mask must be known before they are computed.');
    }
    if (this.uses(step, isReducing))
      refuse('it uses a sum, an average or a count of tokens, which depends on the mask itself.');
    if (this.uses(step, ({ kind }) => kind === 'config'))
      refuse('it uses a config key, but may only depend on inputs.');
    return step;
  }

  /** Is there such an operation in a step or in what it is made of? */
  private uses(step: number, which: (operation: Operation) => boolean): boolean {
    const marks = new Uint8Array(step + 1);
    marks[step] = 1;
    // Backwards, each step once: the paths from step to step double with every `let` that uses the last one twice.
    for (let i = step; i >= 0; i--) {
      if (marks[i] === 0) continue;
      const { operation, inputs } = this.steps[i]!;
      if (which(operation)) return true;
      for (const input of inputs) marks[input] = 1;
    }
    return false;
  }

  private number(field: string, source: string, remedy: string): number {
    const step = this.formula(source, field);
    const { type, shape } = this.steps[step]!;
    const span = { from: 0, to: source.length };
    if (type !== 'number') throw new ExpressionError(field, source, span, 'it is a condition, not a number.', remedy);
    if (shape === 'one') return step;
    throw new ExpressionError(
      field,
      source,
      span,
      `it has one value per ${shape}, but must be a single number.`,
      remedy,
    );
  }

  private formula(source: string, field: string): number {
    return this.build(parseExpression(source, field), { field, source });
  }

  private build(expression: Expression, formula: Formula): number {
    switch (expression.kind) {
      case 'number':
        return this.add({ kind: 'constant', value: expression.value }, [], { shape: 'one' }, expression, formula);
      case 'name':
        return this.name(expression, formula);
      case 'call':
        return this.call(expression, formula);
    }
  }

  private name(expression: Expression & { kind: 'name' }, formula: Formula): number {
    const { name } = expression;
    const value = this.scope.values.get(name);
    if (value !== undefined) return value;
    if (name === 'target_logprobs') {
      return this.add({ kind: 'target_logprobs' }, [], { shape: 'token', hasGradient: true }, expression, formula);
    }
    if (Object.hasOwn(COUNTS, name)) {
      const of = COUNTS[name as keyof typeof COUNTS];
      return this.add({ kind: 'count', of }, [], { shape: 'one' }, expression, formula);
    }
    if (this.scope.config.has(name))
      return this.add({ kind: 'config', name }, [], { shape: 'one' }, expression, formula);
    const input = this.scope.input(expression, formula);
    return this.add(
      { kind: 'input', input },
      [],
      { shape: input.per === 'datum' ? 'datum' : 'token' },
      expression,
      formula,
    );
  }

  private call(expression: Expression & { kind: 'call' }, formula: Formula): number {
    const { name, args } = expression;
    if (name === 'given') return this.given(expression, formula);
    const values = args.map((arg) => this.build(arg, formula));
    const reduction = REDUCTIONS.get(name);
    if (reduction && args.length === 1) return this.reduction(name, expression, values, formula);
    if (ELEMENTWISE.has(name)) return this.elementwise(expression, values, formula);
    const [, prefix, rest = ''] = /^(datum|group)_(\w+)$/.exec(name) ?? [];
    if (prefix === 'datum' && REDUCTIONS.has(rest)) return this.reduction(rest, expression, values, formula);
    if (prefix === 'group' && REDUCTIONS.has(rest)) return this.group(rest, expression, values, formula);
    if (name === 'stop_gradient') return this.stopGradient(expression, values, formula);
    if (reduction) this.checkCount(expression, 1, formula);
    const remedy = `Functions: ${FUNCTION_NAMES.join(', ')}.`;
    throw new ExpressionError(
      formula.field,
      formula.source,
      expression.span,
      `the function '${name}' does not exist.`,
      remedy,
    );
  }

  private given(expression: Expression & { kind: 'call' }, formula: Formula): number {
    this.checkCount(expression, 1, formula);
    const [arg] = expression.args;
    if (arg?.kind !== 'name')
      return this.refuse(expression, formula, 'the argument of given must be the name of an input.');
    const input = this.scope.input(arg, formula);
    if (input.required) {
      const remedy = `Declare it as optional: "inputs": {"${input.name}": {"default": 1}}.`;
      this.refuse(expression, formula, `input '${input.name}' is required, so it is always given.`, remedy);
    }
    return this.add({ kind: 'given', input }, [], { shape: 'one', type: 'condition' }, expression, formula);
  }

  private elementwise(expression: Expression & { kind: 'call' }, values: readonly number[], formula: Formula): number {
    const { name, args } = expression;
    const elementwise = ELEMENTWISE.get(name)!;
    this.checkCount(expression, elementwise.args.length, formula);
    values.forEach((value, i) => {
      const { type } = this.steps[value]!;
      const wanted = elementwise.args[i]!;
      if (type === wanted) return;
      const remedy =
        wanted === 'number'
          ? 'Convert the condition to a number: where(condition, 1, 0).'
          : 'Write a comparison, for example x != 0.';
      this.refuse(args[i]!, formula, `this is a ${type}, but '${name}' requires a ${wanted} here.`, remedy);
    });
    const shape = this.commonShape(values);
    const operation: Operation = { kind: 'elementwise', function: elementwise };
    return this.add(operation, values, { shape, type: elementwise.result }, expression, formula);
  }

  private reduction(
    name: string,
    expression: Expression & { kind: 'call' },
    values: readonly number[],
    formula: Formula,
  ): number {
    this.checkCount(expression, 1, formula);
    const perDatum = expression.name.startsWith('datum_');
    const step = this.steps[values[0]!]!;
    const reduction = REDUCTIONS.get(name)!;
    if (step.type === 'condition' && !reduction.takesConditions) {
      this.refuse(expression.args[0]!, formula, `${expression.name} cannot be applied to a condition.`);
    }
    if (step.shape === 'one' || (perDatum && step.shape !== 'token')) {
      const what = step.shape === 'one' ? 'one number for the whole batch' : 'one number per datum';
      const remedy = 'Reduce a per-token or per-datum value, or remove the function.';
      this.refuse(expression.args[0]!, formula, `this is already ${what}; there is nothing to reduce.`, remedy);
    }
    const operation: Operation = { kind: 'reduce', function: reduction, over: perDatum ? 'datum' : 'all' };
    return this.add(operation, values, { shape: perDatum ? 'datum' : 'one' }, expression, formula);
  }

  private group(
    name: string,
    expression: Expression & { kind: 'call' },
    values: readonly number[],
    formula: Formula,
  ): number {
    this.checkCount(expression, 2, formula);
    const reduction = REDUCTIONS.get(name)!;
    const [value, by] = values.map((step) => this.steps[step]!);
    if (value!.type === 'condition' && !reduction.takesConditions) {
      this.refuse(expression.args[0]!, formula, `${expression.name} cannot be applied to a condition.`);
    }
    if (value!.shape !== 'datum') {
      const remedy = 'Reduce tokens to datums first: group_sum(datum_sum(x), group).';
      this.refuse(
        expression.args[0]!,
        formula,
        `groups consist of datums, but this has one value per ${value!.shape}.`,
        remedy,
      );
    }
    if (by!.shape !== 'datum' || by!.type !== 'number' || by!.hasGradient) {
      const remedy = 'Declare it as an input with one number per datum: "inputs": {"group": {"per": "datum"}}.';
      this.refuse(expression.args[1]!, formula, 'the second argument must be the group of each datum.', remedy);
    }
    const operation: Operation = { kind: 'group', function: reduction };
    return this.add(operation, values, { shape: 'datum' }, expression, formula);
  }

  private stopGradient(expression: Expression & { kind: 'call' }, values: readonly number[], formula: Formula): number {
    this.checkCount(expression, 1, formula);
    const { shape, type } = this.steps[values[0]!]!;
    return this.add({ kind: 'stop_gradient' }, values, { shape, type, hasGradient: false }, expression, formula);
  }

  private commonShape(values: readonly number[]): Shape {
    const shapes = values.map((value) => this.steps[value]!.shape);
    if (shapes.includes('token')) return 'token';
    return shapes.includes('datum') ? 'datum' : 'one';
  }

  private checkCount(expression: Expression & { kind: 'call' }, count: number, formula: Formula): void {
    const { name, args } = expression;
    if (args.length === count) return;
    const problem = `'${name}' takes ${count} argument${count === 1 ? '' : 's'}, but got ${args.length}.`;
    this.refuse(expression, formula, problem, 'docs/custom-losses.md lists every function with its arguments.');
  }

  private refuse(expression: Expression, { field, source }: Formula, problem: string, remedy?: string): never {
    throw new ExpressionError(field, source, expression.span, problem, remedy);
  }

  private add(
    operation: Operation,
    inputs: readonly number[],
    { shape, type = 'number', hasGradient }: { shape: Shape; type?: Step['type']; hasGradient?: boolean },
    expression: Expression,
    { field, source }: Formula,
  ): number {
    const what = operation.kind === 'elementwise' || operation.kind === 'reduce' || operation.kind === 'group';
    const called = expression.kind === 'call' ? expression.name : '';
    const key = JSON.stringify([operation.kind, what ? called : operation, inputs]);
    const known = this.known.get(key);
    if (known !== undefined) return known;
    if (this.steps.length === MAX_STEPS) {
      this.refuse(expression, { field, source }, `the loss has more than ${MAX_STEPS} steps.`, 'Simplify it.');
    }
    const depends = hasGradient ?? (type === 'number' && inputs.some((input) => this.steps[input]!.hasGradient));
    const origin = { field, source, span: expression.span };
    this.steps.push({ operation, inputs, shape, type, hasGradient: depends, origin });
    this.known.set(key, this.steps.length - 1);
    return this.steps.length - 1;
  }
}

/** Does it depend on which tokens count? */
function isReducing(operation: Operation): boolean {
  if (operation.kind === 'reduce' || operation.kind === 'group') return true;
  return operation.kind === 'count' && operation.of === 'token';
}
