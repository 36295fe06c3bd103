import { InvalidRequestError } from '../common/errors/request.errors.js';
import { describe } from '../common/json/json-fields.js';
import { didYouMean } from '../common/json/nearest-name.js';
import { shortened } from '../common/shortened.js';
import { type DatumBatch } from '../domain/datum-batch.js';
import { type LossReference } from '../domain/loss.js';
import { LossBatchTooLargeError } from './errors/loss-batch-too-large.error.js';
import { LossPluginMissingError } from './errors/loss-plugin-missing.error.js';
import { UnknownLossError } from './errors/unknown-loss.error.js';
import { WrittenLoss } from './expressions/written-loss.js';
import { CispoLoss } from './functions/cispo.loss.js';
import { CrossEntropyLoss } from './functions/cross-entropy.loss.js';
import { PairwiseDpoLoss } from './functions/pairwise-dpo.loss.js';
import { DroLoss } from './functions/dro.loss.js';
import { ImportanceSamplingLoss } from './functions/importance-sampling.loss.js';
import { PpoLoss } from './functions/ppo.loss.js';
import { type LossConfig, type LossConfigKey, type LossFunction, type LossMetadata } from './loss-function.js';
import { checkLossInputs } from './loss-input-checks.js';

/** The one list of losses: names, docs, request checks and capabilities all come from it. */
export const BUILT_IN_LOSSES = [
  CrossEntropyLoss,
  ImportanceSamplingLoss,
  PpoLoss,
  CispoLoss,
  DroLoss,
  PairwiseDpoLoss,
] as const;

export function builtInLosses(): LossFunction[] {
  return BUILT_IN_LOSSES.map((LossClass) => new LossClass());
}

/** Written losses that are kept compiled: the clients of one server train with a few at a time. */
const MAX_COMPILED = 64;

/**
 * Numbers that a loss may hold at a time: 400 MB, and as much again while the gradient is taken. A million targets and
 * 50 steps come to it; they take the engine's thread several seconds.
 */
const MAX_NUMBERS = 50_000_000;

/** The losses that are built in, and those that a request brings as formulas; and the checks of what it says of them. */
export class LossRegistry {
  readonly #losses = new Map<string, LossFunction>();
  /** By the text of the definition; the one used last stands last. */
  readonly #compiled = new Map<string, WrittenLoss>();
  readonly #inputNames = new Set<string>();

  /**
   * Throws when two losses share a name or one lacks its @Loss data.
   * @param pluginDigests of the losses that come from files of an operator: what each file holds, by the loss's name
   */
  constructor(
    losses: readonly LossFunction[] = builtInLosses(),
    readonly pluginDigests: ReadonlyMap<string, string> = new Map(),
  ) {
    for (const loss of losses) {
      const { name, inputs } = loss.metadata;
      const other = this.#losses.get(name);
      if (other) {
        const classes = `${other.constructor.name} and ${loss.constructor.name}`;
        throw new TypeError(`Loss name '${name}' is used twice, by ${classes}. Rename one of them.`);
      }
      this.#losses.set(name, loss);
      for (const input of inputs) this.#inputNames.add(input.name);
    }
  }

  /** Throws UnknownLossError, which lists the names there are. */
  get(name: string): LossFunction {
    const loss = this.#losses.get(name);
    if (!loss) throw new UnknownLossError(name, [...this.#losses.keys()]);
    return loss;
  }

  /** Is it the name of a built-in loss or of a plugin? */
  has(name: string): boolean {
    return this.#losses.has(name);
  }

  /** Is it the name of a loss of the service itself? */
  isBuiltIn(name: string): boolean {
    return this.has(name) && !this.pluginDigests.has(name);
  }

  /** What stands in the log for a built-in loss or a plugin. */
  referenceTo(name: string): LossReference {
    const plugin = this.pluginDigests.get(name);
    return plugin === undefined ? { name } : { name, plugin };
  }

  /** The loss of an accepted request. Throws LossPluginMissingError, and what is wrong with formulas. */
  functionOf(reference: LossReference): LossFunction {
    const { name, definition } = reference;
    if (!definition) {
      const known = this.#losses.get(name);
      if (!known) throw new LossPluginMissingError(reference);
      return known;
    }
    const key = JSON.stringify(definition);
    const loss = this.#compiled.get(key) ?? new WrittenLoss(definition);
    this.#compiled.delete(key);
    this.#compiled.set(key, loss);
    const [oldest] = this.#compiled.keys();
    if (this.#compiled.size > MAX_COMPILED && oldest !== undefined) this.#compiled.delete(oldest);
    return loss;
  }

  list(): readonly LossMetadata[] {
    return [...this.#losses.values()].map((loss) => loss.metadata);
  }

  /**
   * The loss's config with defaults for what is not given. Refuses unknown keys, values that are no finite number, out
   * of range, or at odds with each other, naming `loss_fn_config.<key>`.
   */
  resolveConfig(loss: LossFunction, given: Readonly<Record<string, unknown>> = {}): LossConfig {
    const { name, config: keys } = loss.metadata;
    for (const key of Object.keys(given)) {
      if (!keys.some((known) => known.name === key)) {
        const shown = shortened(key);
        const names = keys.map((known) => known.name);
        throw configError(loss, shown, `'${shown}' is not a config key of loss ${name}.`, didYouMean(key, names));
      }
    }
    const config: Record<string, number> = {};
    for (const key of keys) {
      const value = Object.hasOwn(given, key.name) ? given[key.name] : key.default;
      if (typeof value !== 'number' || !inRange(value, key)) {
        const problem = `${key.name} of loss ${name} is ${describe(value)}: expected ${rangeText(key)}.`;
        throw configError(loss, key.name, problem);
      }
      config[key.name] = value;
    }
    const problem = loss.configProblem(config);
    if (problem) throw configError(loss, problem.key, problem.message);
    return config;
  }

  /**
   * Refuses a batch that lacks an input of the loss, or whose inputs have the wrong type, shape or length or hold NaN or
   * infinity, naming `data[i].loss_fn_inputs.<name>`, and one on which the loss would take too much memory. Inputs that
   * only other losses read may be there and are ignored; names that no loss reads are refused. Token ids are checked
   * against the vocabulary elsewhere.
   */
  checkInputs(loss: LossFunction, batch: DatumBatch): void {
    checkLossInputs(loss.metadata, batch, new Set(this.inputNames(loss)));
    const numbers = loss.numbersHeld(batch.lossInputs);
    if (numbers > MAX_NUMBERS) throw new LossBatchTooLargeError(loss.metadata.name, numbers, MAX_NUMBERS);
  }

  /** Every name that this loss or a built-in one reads. */
  inputNames(loss: LossFunction): string[] {
    return [...new Set([...this.#inputNames, ...loss.metadata.inputs.map(({ name }) => name)])];
  }
}

function inRange(value: number, key: LossConfigKey): boolean {
  return Number.isFinite(value) && value >= (key.min ?? -Infinity) && value <= (key.max ?? Infinity);
}

function rangeText(key: LossConfigKey): string {
  const bounds = [
    key.min === undefined ? '' : ` of at least ${key.min}`,
    key.max === undefined ? '' : ` of at most ${key.max}`,
  ];
  return `a finite number${bounds.filter(Boolean).join(' and')}`;
}

function configError(loss: LossFunction, key: string, problem: string, hint = ''): InvalidRequestError {
  const { name, config } = loss.metadata;
  const keys = config.map((known) => `${known.name} (default ${known.default})`).join(', ');
  const remedy = keys
    ? `Config keys of loss ${name}: ${keys}.`
    : `Loss ${name} has no config keys; omit loss_fn_config.`;
  return new InvalidRequestError(`${problem} ${hint}`.trim(), {
    field: `loss_fn_config.${key}`,
    remedy: hint + remedy,
  });
}
