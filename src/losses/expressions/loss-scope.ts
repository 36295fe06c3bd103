import { InvalidRequestError } from '../../common/errors/request.errors.js';
import { shortened } from '../../common/shortened.js';
import { type LossConfigKey, type LossInputSpec, TARGET_TOKENS } from '../loss-function.js';
import { ExpressionError } from './expression.errors.js';
import { type Expression } from './expression-tree.js';
import { FUNCTION_NAMES } from './function-names.js';
import { type LossDefinition } from '../../domain/loss-definition.js';

/** The source of a formula, and the field of the definition that contains it. */
export interface Formula {
  readonly field: string;
  readonly source: string;
}

const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
export const NAME_REMEDY = 'A name starts with a letter and has at most 64 letters, digits and underscores.';
const RESERVED = new Set([
  'and',
  'or',
  'not',
  'given',
  'target_logprobs',
  'token_count',
  'position_count',
  'datum_count',
]);

/** Whether a loss, or something of it, may be called so. What every object has would be in every request. */
export function isName(name: string): boolean {
  return NAME.test(name) && !Object.hasOwn(Object.prototype, name);
}

/** What the names in a loss's formulas mean: values defined above, config keys, and otherwise inputs of the request. */
export class LossScope {
  /** Steps of the values that "let" has defined so far. */
  readonly values = new Map<string, number>();
  readonly inputs = new Map<string, LossInputSpec>();
  readonly config = new Map<string, LossConfigKey>();

  constructor(private readonly definition: LossDefinition) {
    for (const [name, value] of Object.entries(definition.config ?? {})) {
      this.checkFree(name, `config.${name}`);
      const { description = '', ...rest } = typeof value === 'number' ? { default: value } : value;
      this.config.set(name, checkRange({ name, description, ...rest }));
    }
  }

  define(name: string, step: number): void {
    this.values.set(name, step);
  }

  /** Every name without another meaning is a key of loss_fn_inputs. */
  input({ name, span }: Expression & { kind: 'name' }, { field, source }: Formula): LossInputSpec {
    const known = this.inputs.get(name);
    if (known) return known;
    if (!isName(name) || RESERVED.has(name)) {
      throw new ExpressionError(field, source, span, `'${name}' is not a valid name for an input.`, NAME_REMEDY);
    }
    if (FUNCTION_NAMES.includes(name)) {
      throw new ExpressionError(field, source, span, `'${name}' is a function: write ${name}(...).`);
    }
    if (this.config.has(name) || this.values.has(name)) {
      const what = this.config.has(name) ? 'a config key' : 'a value of "let"';
      throw new ExpressionError(
        field,
        source,
        span,
        `'${name}' is ${what}, not an input.`,
        'Use the name of an input.',
      );
    }
    if (field === `let.${name}`) {
      const remedy = 'A value may only use inputs, config keys and values defined above it.';
      throw new ExpressionError(field, source, span, `'${name}' cannot use itself.`, remedy);
    }
    if (Object.hasOwn(this.definition.let ?? {}, name)) {
      throw new ExpressionError(field, source, span, `'${name}' is defined below.`, 'Move it up in "let".');
    }
    const input = this.describe(name);
    this.inputs.set(name, input);
    return input;
  }

  checkFree(name: string, field: string): void {
    this.checkSyntax(name, field);
    if (RESERVED.has(name) || FUNCTION_NAMES.includes(name) || this.config.has(name) || this.values.has(name)) {
      throw new InvalidRequestError(`${field}: the name '${name}' is already in use.`, {
        field,
        remedy: 'Choose another name.',
      });
    }
  }

  checkSyntax(name: string, field: string): void {
    if (isName(name)) return;
    throw new InvalidRequestError(`${JSON.stringify(shortened(name))} is not a valid name.`, {
      field,
      remedy: NAME_REMEDY,
    });
  }

  refuseUnusedInputs(): void {
    const unused = Object.keys(this.definition.inputs ?? {}).find((name) => !this.inputs.has(name));
    if (unused === undefined) return;
    const field = `inputs.${unused}`;
    const other = this.config.has(unused) ? 'a config key' : this.values.has(unused) ? 'a value of "let"' : null;
    const problem = other === null ? `No formula uses input '${unused}'.` : `'${unused}' is ${other}, not an input.`;
    throw new InvalidRequestError(problem, { field, remedy: 'Use it as an input or remove it.' });
  }

  private describe(name: string): LossInputSpec {
    if (name === TARGET_TOKENS.name) return TARGET_TOKENS;
    const declared = Object.hasOwn(this.definition.inputs ?? {}, name) ? this.definition.inputs?.[name] : undefined;
    const { per = 'token', description = '', default: fallback } = declared ?? {};
    const optional = fallback === undefined ? { required: true } : { required: false, default: fallback };
    return { name, dtype: 'float', per, description, ...optional };
  }
}

function checkRange(key: LossConfigKey): LossConfigKey {
  const { name, default: value, min = -Infinity, max = Infinity } = key;
  if (value >= min && value <= max) return key;
  throw new InvalidRequestError(`config.${name}: the default ${value} is not between min and max.`, {
    field: `config.${name}`,
    remedy: 'Choose a default that a request could send.',
  });
}
