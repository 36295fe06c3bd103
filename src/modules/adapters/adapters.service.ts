import { Injectable } from '@nestjs/common';
import { type EntityManager } from 'typeorm';
import { ulid } from 'ulid';
import { BaseModelCatalog } from '../../base-models/base-model-catalog.js';
import { type BaseModel } from '../../base-models/base-model.js';
import { currentOwner, runAs } from '../../common/caller.js';
import { ConflictError, InvalidRequestError } from '../../common/errors/request.errors.js';
import { describe, invalid, isGiven } from '../../common/json/json-fields.js';
import { nextCursor } from '../../common/pages/next-cursor.js';
import { transactionWhenDatabaseIsBack, whenDatabaseIsBack } from '../../database/outage.js';
import { DEFAULT_LORA, largestRank } from '../../domain/adapter/lora-spec.js';
import { loraParameterCount } from '../../compute/models/adapter-modules.js';
import { createAdapterOperation } from '../../operations/kinds/create-adapter.operation.js';
import { deleteAdapterOperation } from '../../operations/kinds/delete-adapter.operation.js';
import { unloadAdapterOperation } from '../../operations/kinds/unload-adapter.operation.js';
import { type Accepted, FuturesService } from '../futures/index.js';
import { WorkersService } from '../workers/index.js';
import { AdapterQuota } from './adapter-quota.js';
import { AdapterNotFoundError } from './errors/adapter-not-found.error.js';
import { type AdapterPage } from './adapter-page.js';
import { type AdapterEntity, type AdapterOrigin } from './entities/adapter.entity.js';
import { checkModelId, generateModelId, isModelId } from './model-names.js';
import { type Fork, type NamedAdapter, type NewAdapter } from './new-adapter.js';
import { resolveTargets, type WantedLora } from './target-selection.js';
import { type AdapterFilter, AdapterRepository } from './repositories/adapter.repository.js';
import { SnapshotRepository } from './repositories/snapshot.repository.js';

/** Rows that are read at a time for a list without pages. */
const PAGE = 1000;

/** Adapters by the client's name: made, found, listed and deleted. Their numbers live in the worker. */
@Injectable()
export class AdaptersService {
  constructor(
    private readonly adapters: AdapterRepository,
    private readonly snapshots: SnapshotRepository,
    private readonly baseModels: BaseModelCatalog,
    private readonly futures: FuturesService,
    private readonly workers: WorkersService,
    private readonly quota: AdapterQuota,
  ) {}

  /** The row is there, and the name taken, when this returns; the worker warms the adapter up on its own. */
  async create(wanted: NewAdapter): Promise<{ adapter: AdapterEntity; accepted: Accepted }> {
    const created = await this.insert(wanted);
    if (created) return created;
    throw nameTaken(wanted.modelId);
  }

  /** Refuses a name that a new adapter cannot have. @throws InvalidRequestError, ConflictError */
  async checkFree(modelId: string): Promise<void> {
    checkModelId(modelId, this.baseModelNames());
    if (await this.find(modelId)) throw nameTaken(modelId);
    if (await whenDatabaseIsBack(() => this.adapters.isAlias(currentOwner(), modelId))) throw nameOfAlias(modelId);
  }

  /**
   * Keeps a name of the caller's free of adapters until the transaction ends.
   * @param field what the client calls the name
   * @throws InvalidRequestError, ConflictError
   */
  async reserveName(name: string, field: string, manager: EntityManager): Promise<void> {
    checkModelId(name, this.baseModelNames(), undefined, field);
    const owner = currentOwner();
    await this.adapters.lockCreation(owner, manager);
    if (!(await this.adapters.findLive(owner, name, manager))) return;
    const remedy = 'Choose another name.';
    throw new ConflictError(`'${name}' is the name of an adapter. ${remedy}`, { field, remedy });
  }

  /** A new adapter, or the one that a request at the same time was faster to make. */
  async createOrGet(wanted: NamedAdapter): Promise<AdapterEntity> {
    const created = await this.insert(wanted);
    return created ? created.adapter : this.checkSame(await this.get(wanted.modelId), wanted);
  }

  /** A new adapter, or the future of the request that made it, where this is a repeat of that request. */
  async createOnce(wanted: NamedAdapter): Promise<Accepted> {
    const created = await this.insert(wanted);
    return created
      ? created.accepted
      : this.futures.submit(toCreation(this.checkSame(await this.get(wanted.modelId), wanted)));
  }

  /** @throws AdapterNotFoundError */
  async get(modelId: string, field?: string): Promise<AdapterEntity> {
    const adapter = await this.find(modelId);
    if (!adapter) throw new AdapterNotFoundError(modelId, field);
    return adapter;
  }

  /** Null as well for what is not a name: Postgres refuses some of it. */
  async find(modelId: string): Promise<AdapterEntity | null> {
    return isModelId(modelId) ? whenDatabaseIsBack(() => this.adapters.findLive(currentOwner(), modelId)) : null;
  }

  isBaseModel(name: string): boolean {
    return name === 'base' || this.baseModelNames().includes(name);
  }

  /** The base model of this name, or the default one for none and for 'base'. @throws InvalidRequestError */
  baseModel(name?: string, field = 'base_model'): BaseModel {
    const models = this.baseModels.list();
    const model = name === undefined || name === 'base' ? models[0] : models.find((one) => one.name === name);
    if (model) return model;
    const remedy = `Available base models: ${this.baseModelNames().join(', ')}.`;
    throw new InvalidRequestError(`${field} '${name}' is not available on this server. ${remedy}`, { field, remedy });
  }

  /** Clients may name the base model of weights, too, but no other one. @throws InvalidRequestError */
  checkBaseModel(wished: string | null | undefined, actual: string): void {
    if (!isGiven(wished) || this.baseModel(wished).name === actual) return;
    throw invalid('base_model', `is ${describe(wished)}.`, `The weights belong to '${actual}'; omit it.`);
  }

  /** The adapter of this name, which must be as wanted, or null; and the base model that it has or would get. */
  async resolve(wanted: NamedAdapter): Promise<{ adapter: AdapterEntity | null; model: BaseModel }> {
    const adapter = await this.find(wanted.modelId);
    if (adapter) return { adapter: this.checkSame(adapter, wanted), model: this.baseModels.get(adapter.baseModel) };
    checkModelId(wanted.modelId, this.baseModelNames());
    const model = this.baseModel(wanted.baseModel);
    resolveTargets(wanted.lora.targetModules, model);
    return { adapter: null, model };
  }

  /** The caller's, newest first, those before `cursor` and with `search` in their names where these are given. */
  list(limit: number, cursor?: string, search?: string): Promise<AdapterPage> {
    return this.listOf({ owner: currentOwner(), search }, limit, cursor);
  }

  /** All of the caller's, newest first: what clients list that know no pages. */
  async listAll(): Promise<AdapterEntity[]> {
    const all: AdapterEntity[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.list(PAGE, cursor);
      for (const { adapter } of page.adapters) all.push(adapter);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return all;
  }

  /** For operators, of all owners where the filter names none. */
  async listOf(filter: AdapterFilter, limit: number, cursor?: string): Promise<AdapterPage> {
    const rows = await this.adapters.findLiveBefore(filter, limit, cursor);
    const busy = await this.adapters.findBusy(rows.map(({ id }) => id));
    const adapters = rows.map((adapter) => ({ adapter, busy: busy.has(adapter.id) }));
    return { adapters, nextCursor: nextCursor(rows, limit, ({ id }) => id) };
  }

  async isBusy(adapter: AdapterEntity): Promise<boolean> {
    return (await this.adapters.findBusy([adapter.id])).has(adapter.id);
  }

  /** Frees the name at once, fails what waits, and lets the worker free memory and files after what runs. */
  async delete(modelId: string): Promise<Accepted> {
    return this.remove(await this.get(modelId));
  }

  /** Deletes adapters of all owners that nobody has used since `before` and nothing needs; returns how many. */
  async deleteIdle(before: Date, limit: number): Promise<number> {
    let deleted = 0;
    for (const adapter of await this.adapters.findIdle(before, limit)) {
      try {
        await runAs(adapter.owner, () => this.remove(adapter));
        deleted++;
      } catch (error) {
        // Its owner, or another process, was faster.
        if (!(error instanceof AdapterNotFoundError)) throw error;
      }
    }
    return deleted;
  }

  private remove(adapter: AdapterEntity): Promise<Accepted> {
    const { modelId } = adapter;
    return transactionWhenDatabaseIsBack(this.adapters.manager, async (manager) => {
      if (!(await this.adapters.markDeleted(adapter.id, manager))) throw new AdapterNotFoundError(modelId);
      await this.futures.failPending(adapter.id, new AdapterNotFoundError(modelId), manager);
      return this.futures.submit(
        {
          kind: 'delete_adapter',
          adapterId: adapter.id,
          modelId,
          baseModel: adapter.baseModel,
          request: deleteAdapterOperation.encode(null),
        },
        manager,
      );
    });
  }

  /** Newest first, with how many there are; those whose session is in one project where it is given. */
  page(limit: number, offset: number, projectId?: string): Promise<[AdapterEntity[], number]> {
    return this.adapters.findPage(currentOwner(), limit, offset, projectId);
  }

  ofSession(sessionId: string): Promise<AdapterEntity[]> {
    return this.adapters.findLiveOfSession(sessionId);
  }

  /** Frees the adapter's memory after the operations sent before; the next one brings it back. */
  unload({ id: adapterId, modelId, baseModel }: AdapterEntity): Promise<Accepted> {
    const request = unloadAdapterOperation.encode(null);
    return this.futures.submit({ kind: 'unload_adapter', adapterId, modelId, baseModel, request });
  }

  /** A request that describes the adapter otherwise than it is would train something else than it thinks. */
  private checkSame(adapter: AdapterEntity, { baseModel, lora }: NewAdapter): AdapterEntity {
    if (baseModel !== undefined && baseModel !== adapter.baseModel) {
      throw conflict(adapter, 'base_model', baseModel, adapter.baseModel);
    }
    const targetModules = lora.targetModules && resolveTargets(lora.targetModules, this.baseModel(adapter.baseModel));
    const actual: Readonly<Record<string, unknown>> = { ...adapter.lora };
    for (const [name, wished] of Object.entries({ ...lora, ...(targetModules && { targetModules }) })) {
      if (JSON.stringify(wished) !== JSON.stringify(actual[name])) {
        throw conflict(adapter, `lora_config.${WIRE_NAMES[name] ?? name}`, wished, actual[name]);
      }
    }
    return adapter;
  }

  private baseModelNames(): string[] {
    return this.baseModels.list().map((model) => model.name);
  }

  /** Undefined when the name is taken. */
  private async insert(wanted: NewAdapter): Promise<{ adapter: AdapterEntity; accepted: Accepted } | undefined> {
    const model = this.baseModel(wanted.baseModel);
    const wished = wanted.modelId ?? generateModelId(model.name);
    const modelId = checkModelId(wished, this.baseModelNames(), wanted.sessionId);
    const targetModules = resolveTargets(wanted.lora.targetModules, model);
    const lora = { ...DEFAULT_LORA, ...wanted.lora, targetModules };
    await this.checkRank(lora);
    const id = wanted.id ?? `adapter_${ulid()}`;
    const row = {
      id,
      modelId,
      lora,
      rank: lora.rank,
      baseModel: model.name,
      trainableParams: loraParameterCount(model.config, lora),
      step: wanted.firstState?.step ?? wanted.fork?.step ?? 0,
      origin: originOf(wanted),
      owner: currentOwner(),
      sessionId: wanted.sessionId ?? null,
      userMetadata: wanted.userMetadata ?? null,
      copiedFrom: wanted.copiedFrom ?? null,
    };
    const transaction = () =>
      this.adapters.manager.transaction(async (manager) => {
        await this.adapters.lockCreation(row.owner, manager);
        if (await this.adapters.isAlias(row.owner, modelId, manager)) throw nameOfAlias(modelId);
        if (await this.adapters.insert(row, manager)) {
          await this.quota.check(row.owner, wanted, manager);
          const first = { adapterId: id, position: 0, lease: 0, pinned: true };
          if (wanted.firstState) await this.snapshots.insertFirst({ ...wanted.firstState, ...first }, manager);
          if (wanted.fork) await this.holdSource(wanted.fork, manager);
        } else if (!(await this.adapters.exists(id, manager))) return undefined;
        // Where it was there under this id, it was committed and the answer was lost.
        return this.futures.submit(toCreation(row), manager);
      });
    const accepted = await whenDatabaseIsBack(transaction);
    if (!accepted) return undefined;
    return { adapter: await this.get(modelId), accepted };
  }

  /** A deletion that came first has taken, or will take, the state that the fork is to begin with; a later one leaves it. */
  private async holdSource({ adapterId, modelId }: Fork, manager: EntityManager): Promise<void> {
    if (!(await this.adapters.holdLive(adapterId, manager))) throw new AdapterNotFoundError(modelId);
  }

  /** @throws InvalidRequestError for a rank that no worker takes */
  async checkRank({ rank = DEFAULT_LORA.rank, rankPattern }: WantedLora, field = 'lora_config.rank'): Promise<void> {
    const largest = largestRank({ rank, rankPattern });
    const maxRank = (await this.workers.capabilities())?.maxRank;
    if (maxRank === undefined || largest <= maxRank) return;
    const remedy = `Use a rank from 1 to ${maxRank}.`;
    throw new InvalidRequestError(`${field} ${largest} exceeds the maximum of this server. ${remedy}`, {
      field,
      remedy,
    });
  }
}

function originOf({ firstState, fork }: NewAdapter): AdapterOrigin | null {
  if (fork) return { kind: 'fork', adapterId: fork.adapterId, position: fork.position };
  return firstState ? { kind: 'stored' } : null;
}

/** The first operation of an adapter; there is one, however often it is asked for. */
function toCreation(row: Pick<AdapterEntity, 'id' | 'modelId' | 'baseModel' | 'lora' | 'origin'>) {
  const { id, modelId, baseModel, lora, origin } = row;
  const fork = origin?.kind === 'fork' ? { adapterId: origin.adapterId, position: origin.position } : undefined;
  return {
    kind: 'create_adapter',
    adapterId: id,
    modelId,
    baseModel,
    idempotencyKey: `create:${id}`,
    request: createAdapterOperation.encode({ lora, fork }),
  } as const;
}

function nameTaken(modelId: string | undefined): ConflictError {
  const remedy = 'Choose another model_id, or delete the existing adapter first.';
  return new ConflictError(`An adapter '${modelId}' already exists. ${remedy}`, { field: 'model_id', remedy });
}

function nameOfAlias(modelId: string): ConflictError {
  const remedy = `Choose another model_id, or delete the alias with DELETE /aliases/${modelId}.`;
  return new ConflictError(`'${modelId}' is an alias. ${remedy}`, { field: 'model_id', remedy });
}

const WIRE_NAMES: Readonly<Record<string, string>> = { targetModules: 'target_modules', rsLora: 'use_rslora' };

function conflict(adapter: AdapterEntity, field: string, wished: unknown, actual: unknown): ConflictError {
  const remedy = `Omit ${field}, or use another model_id.`;
  return new ConflictError(
    `Adapter '${adapter.modelId}' already exists with ${field} ${String(actual)} instead of ${String(wished)}. ${remedy}`,
    { field, remedy },
  );
}
