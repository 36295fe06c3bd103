import { setImmediate } from 'node:timers/promises';
import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { currentOwner, NO_OWNER } from '../../common/caller.js';
import { ConflictError, InvalidRequestError, NotFoundError } from '../../common/errors/request.errors.js';
import { shortened } from '../../common/shortened.js';
import { type LossDefinition } from '../../domain/loss-definition.js';
import { type LossReference, type LossResult } from '../../domain/loss.js';
import { TooManyLossesError } from './errors/too-many-losses.error.js';
import { UnknownLossError } from '../../losses/errors/unknown-loss.error.js';
import { isName, NAME_REMEDY } from '../../losses/expressions/loss-scope.js';
import { WrittenLoss } from '../../losses/expressions/written-loss.js';
import { checkGradient, type GradientCheck } from '../../losses/gradient-check.js';
import { leaveOutIgnored } from '../../losses/ignored-targets.js';
import { type LossMetadata } from '../../losses/loss-function.js';
import { findJump } from '../../losses/jump-check.js';
import { type LossFilter, type LossPage, pageOf } from './loss-page.js';
import { type PreviewBatch, previewLoss, readPreview, readPreviewBatch } from './loss-preview.js';
import { LossRegistry } from '../../losses/loss-registry.js';
import {
  WrittenLossRepository,
  type WrittenLossRow,
  type WrittenLossSummary,
} from './repositories/written-loss.repository.js';

/** Versions of losses that one key may have. */
const MAX_VERSIONS = 1000;
const JUMPS =
  'Where a comparison of log-probs switches, both values must be equal, or the comparison must be held constant: ' +
  'where(stop_gradient(ratio) > 2, 0, ratio).';
/** Names that an error lists. */
const MAX_NAMES = 20;

export interface RegisteredLoss extends WrittenLossSummary {
  readonly gradientCheck: GradientCheck;
}

export interface LossDetails {
  readonly metadata: LossMetadata;
  /** Null for a built-in loss. */
  readonly written: WrittenLossRow | null;
  readonly versions: readonly { readonly version: number; readonly createdAt: Date }[];
}

/**
 * Losses as the caller knows them by name: those of the server (built in, or plugins) and its own. New names must be
 * free, but a name may be the caller's before a plugin takes it. It stays the caller's: a training run must not change
 * its loss because somebody has deployed something.
 */
@Injectable()
export class LossesService implements OnApplicationBootstrap {
  private readonly logger = new Logger(LossesService.name);
  /** Names of the server that a client had registered before this start; no request can add to them. */
  private contested: ReadonlySet<string> = new Set();

  constructor(
    private readonly registry: LossRegistry,
    private readonly rows: WrittenLossRepository,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const names = this.registry.list().map(({ name }) => name);
    const taken = await this.rows.findOwners(names);
    this.contested = new Set(taken.map(({ name }) => name));
    for (const { name, owners } of taken) {
      const keys = owners.map((owner) => (owner === NO_OWNER ? 'clients without a key' : owner)).join(', ');
      this.logger.warn(
        `Loss '${name}' of this server is shadowed for ${keys}: they have registered a loss with that name and continue ` +
          `with it until they delete it. Rename the plugin, or tell them.`,
      );
    }
  }

  /** @throws ExpressionError, InvalidRequestError, ConflictError, TooManyLossesError */
  async register(definition: LossDefinition): Promise<RegisteredLoss> {
    const { name } = definition;
    await this.checkName(name);
    const loss = new WrittenLoss(definition);
    refuseUnused(loss);
    refuseMetricLoss(definition);
    const config = this.registry.resolveConfig(loss);
    // Each part takes up to a tenth of a second, in which nothing else is answered.
    await setImmediate();
    const gradientCheck = checkGradient(loss, config);
    refuseMismatch(gradientCheck);
    await setImmediate();
    refuseJump(findJump(loss, config));
    const { metadata } = loss;
    const row = await this.rows.add({ owner: currentOwner(), definition, metadata }, MAX_VERSIONS);
    if (!row) throw new TooManyLossesError(MAX_VERSIONS);
    return { ...row, gradientCheck };
  }

  /** Those of the server first, then the caller's own by name. @throws InvalidRequestError for a strange cursor */
  async list(filter: LossFilter = {}): Promise<LossPage> {
    const own = await this.rows.findAll(currentOwner());
    const names = new Set(own.map(({ name }) => name));
    const all = [
      ...this.registry.list().map((metadata) => ({ metadata, version: null, shadowed: names.has(metadata.name) })),
      ...own.map(({ metadata, version }) => ({ metadata, version, shadowed: false })),
    ];
    return pageOf(all, filter);
  }

  /** @param name also as `name@version` @throws NotFoundError */
  async get(name: string): Promise<LossDetails> {
    const written = await this.find(name);
    if (written) {
      const versions = await this.rows.findVersions(currentOwner(), written.name);
      return { metadata: written.metadata, written, versions };
    }
    if (this.registry.has(name)) return { metadata: this.registry.get(name).metadata, written: null, versions: [] };
    throw new NotFoundError('Loss function', name, { remedy: 'GET /loss_functions lists the available losses.' });
  }

  /** Deletes every version; requests that were accepted keep theirs. @returns how many there were */
  async delete(name: string): Promise<number> {
    const count = isName(name) ? await this.rows.remove(currentOwner(), name) : 0;
    if (count > 0) return count;
    if (this.registry.has(name))
      throw new ConflictError(`Loss '${name}' belongs to this server and cannot be deleted.`, { field: 'name' });
    throw new NotFoundError('Loss function', name, {
      remedy:
        'DELETE takes a name without a version and deletes all versions; GET /loss_functions?origin=own lists yours.',
    });
  }

  /**
   * The loss that a request of the caller means by `name` or `name@version`, with its whole definition.
   * @throws UnknownLossError
   */
  async resolve(name: string): Promise<LossReference> {
    const row = await this.find(name);
    if (row) return { name: row.name, version: row.version, definition: row.definition };
    if (this.registry.has(name)) return this.registry.referenceTo(name);
    const own = await this.rows.findAll(currentOwner());
    const known = [...this.registry.list(), ...own].map((loss) => loss.name);
    throw new UnknownLossError(name, known.slice(0, MAX_NAMES));
  }

  /** The body of a preview, read and computed. @throws whatever a request with this loss would be refused with */
  async preview(body: unknown): Promise<{ result: LossResult; batch: PreviewBatch }> {
    const { reference, config, data } = readPreview(body);
    const loss = this.registry.functionOf(typeof reference === 'string' ? await this.resolve(reference) : reference);
    const values = this.registry.resolveConfig(loss, config);
    const batch = readPreviewBatch(data, loss, this.registry.inputNames(loss));
    this.registry.checkInputs(loss, batch.batch);
    const counted = { ...batch, batch: leaveOutIgnored(loss, batch.batch) };
    return { result: previewLoss(loss, counted, values), batch: counted };
  }

  /** A loss of the caller's own. */
  private async find(name: string): Promise<WrittenLossRow | null> {
    if (this.registry.has(name) && !this.contested.has(name)) return null;
    const [, base = '', version] = /^([^@]*)(?:@(\d{1,9}))?$/.exec(name) ?? [];
    if (!isName(base)) return null;
    return this.rows.find(currentOwner(), base, version === undefined ? undefined : Number(version));
  }

  private async checkName(name: string): Promise<void> {
    if (!isName(name)) {
      throw new InvalidRequestError(`'${shortened(name)}' is not a valid name for a loss.`, {
        field: 'name',
        remedy: NAME_REMEDY,
      });
    }
    if (!this.registry.has(name) || (await this.find(name)) !== null) return;
    const remedy = `Choose another name, for example my_${name}.`;
    throw new ConflictError(`The name '${name}' is already used by a loss of this server.`, { field: 'name', remedy });
  }
}

/** Only new losses are refused for this: those that are stored go on as they are. */
function refuseUnused({ unusedConfig: [name] }: WrittenLoss): void {
  if (name === undefined) return;
  const remedy = 'Use it in a formula or remove it; check for a misspelt name.';
  throw new InvalidRequestError(`No formula uses config key '${name}'.`, { field: `config.${name}`, remedy });
}

/** It would be shown under the same name as the loss itself. */
function refuseMetricLoss({ metrics = {} }: LossDefinition): void {
  if (!Object.hasOwn(metrics, 'loss')) return;
  throw new InvalidRequestError(
    "A metric cannot be named 'loss', because the loss itself is reported under that name.",
    {
      field: 'metrics.loss',
      remedy: 'Choose another name, for example mean_loss.',
    },
  );
}

function refuseMismatch({ mismatch }: GradientCheck): void {
  if (!mismatch) return;
  const { slope, difference } = mismatch;
  throw new InvalidRequestError(
    `The gradient of the loss is ${slope} at a point where the loss itself changes by ${difference}.`,
    { field: 'loss', remedy: JUMPS },
  );
}

function refuseJump(jump: number | null): void {
  if (jump === null) return;
  throw new InvalidRequestError(`The loss jumps by ${jump} near a generated batch.`, { field: 'loss', remedy: JUMPS });
}
