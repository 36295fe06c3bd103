import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { currentOwner } from '../../common/caller.js';
import { transactionWhenDatabaseIsBack, whenDatabaseIsBack } from '../../database/outage.js';
import { isCheckpointPath } from '../../domain/checkpoint-path.js';
import { AdaptersService, isModelId } from '../adapters/index.js';
import { CheckpointsService } from '../checkpoints/index.js';
import { type AliasVersionEntity } from './entities/alias-version.entity.js';
import { AliasChangedError, AliasNotFoundError, NothingToRollBackError } from './errors/alias.errors.js';
import { type EvaluationComparison } from './evaluation-comparison.js';
import { AliasRepository } from './repositories/alias.repository.js';

/** What differs between ways to make a version. */
type NextVersion = Pick<AliasVersionEntity, 'target' | 'baseModel' | 'change' | 'previous' | 'evaluation'>;

/**
 * Names of the caller's that point at adapters, base models or sampler weights. A version is added under the lock of the
 * owner's names, so that versions follow each other and no adapter gets the name of an alias.
 */
@Injectable()
export class AliasesService {
  constructor(
    private readonly aliases: AliasRepository,
    private readonly adapters: AdaptersService,
    private readonly checkpoints: CheckpointsService,
  ) {}

  /** Null as well for what is not a name: Postgres refuses some of it. */
  async find(name: string): Promise<AliasVersionEntity | null> {
    return isModelId(name) ? whenDatabaseIsBack(() => this.aliases.find(currentOwner(), name)) : null;
  }

  /** @throws AliasNotFoundError */
  async get(name: string): Promise<AliasVersionEntity> {
    const alias = await this.find(name);
    if (alias) return alias;
    throw new AliasNotFoundError(name);
  }

  /** By name. */
  list(): Promise<AliasVersionEntity[]> {
    return whenDatabaseIsBack(() => this.aliases.findAll(currentOwner()));
  }

  /** All versions, newest first. @throws AliasNotFoundError */
  async history(name: string): Promise<AliasVersionEntity[]> {
    await this.get(name);
    return whenDatabaseIsBack(() => this.aliases.findHistory(currentOwner(), name));
  }

  /** Points an alias, which need not be there, at a target, whatever it is worth. @throws AppErrors for both names */
  async set(name: string, target: string): Promise<AliasVersionEntity> {
    const baseModel = await this.baseModelOf(target);
    return this.change(name, (current) => {
      if (current?.target === target) return current;
      return { target, baseModel, change: 'set', previous: current?.version ?? null, evaluation: null };
    });
  }

  /**
   * Points an alias at a target that was found to be as good as `compared`, its version at that time.
   * @throws AliasChangedError when it has another target by now
   */
  async promote(
    compared: AliasVersionEntity,
    target: string,
    evaluation: EvaluationComparison,
  ): Promise<AliasVersionEntity> {
    const { name } = compared;
    const baseModel = await this.baseModelOf(target);
    return this.change(name, (current) => {
      if (current?.version !== compared.version || current.target !== compared.target) {
        throw new AliasChangedError(name);
      }
      return { target, baseModel, change: 'promoted', previous: current.version, evaluation };
    });
  }

  /** Returns to the target before. Again, it goes back one further. @throws AliasNotFoundError, NothingToRollBackError */
  async rollBack(name: string): Promise<AliasVersionEntity> {
    await this.get(name);
    return this.change(name, async (current, manager) => {
      if (!current) throw new AliasNotFoundError(name);
      if (current.previous === null) throw new NothingToRollBackError(name);
      const before = await this.aliases.findVersion(current, current.previous, manager);
      if (!before) throw new TypeError(`Alias ${name} lacks version ${current.previous}.`);
      const { target, baseModel, previous } = before;
      return { target, baseModel, change: 'rolled_back', previous, evaluation: null };
    });
  }

  /** @throws AliasNotFoundError */
  async delete(name: string): Promise<void> {
    await this.get(name);
    if (!(await this.aliases.delete(currentOwner(), name))) throw new AliasNotFoundError(name);
  }

  /** The base model behind a target, which is there. @throws AppErrors that name the field `target` */
  private async baseModelOf(target: string): Promise<string> {
    if (this.adapters.isBaseModel(target)) return this.adapters.baseModel(target).name;
    if (isCheckpointPath(target)) return (await this.checkpoints.findSampler(target, 'target')).baseModel;
    return (await this.adapters.get(target, 'target')).baseModel;
  }

  /** Adds the version that `next` makes of the newest one; none where it gives that one back. */
  private change(
    name: string,
    next: (
      current: AliasVersionEntity | null,
      manager: EntityManager,
    ) => Promise<NextVersion> | NextVersion | AliasVersionEntity,
  ): Promise<AliasVersionEntity> {
    const owner = currentOwner();
    return transactionWhenDatabaseIsBack(this.aliases.manager, async (manager) => {
      await this.adapters.reserveName(name, 'alias', manager);
      const current = await this.aliases.find(owner, name, manager);
      const made = await next(current, manager);
      if (made === current) return current;
      return this.aliases.insert({ ...made, owner, name, version: (current?.version ?? 0) + 1 }, manager);
    });
  }
}
