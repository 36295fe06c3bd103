import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../base-models/base-model.js';
import { BaseModelCatalog } from '../../base-models/base-model-catalog.js';
import { type AdapterEntity, AdaptersService } from '../adapters/index.js';
import { type AliasVersionEntity, AliasesService } from '../aliases/index.js';

/** Something to sample from, under a name. */
export interface NamedModel {
  readonly name: string;
  readonly kind: 'base' | 'adapter' | 'alias';
  /** What it derives from: an adapter's base model, or the target of an alias. */
  readonly parent: string | null;
  readonly createdAt: Date;
  readonly base: BaseModel;
}

/** Base models are there from the start of the process. */
const STARTED = new Date();

/** What a client can sample from, for the dialects that list models. */
@Injectable()
export class ModelDirectory {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly aliases: AliasesService,
    private readonly baseModels: BaseModelCatalog,
  ) {}

  /** Base models, then adapters, then aliases. */
  async list(): Promise<NamedModel[]> {
    const [adapters, aliases] = await Promise.all([this.adapters.listAll(), this.aliases.list()]);
    return [
      ...this.baseModels.list().map((model) => ofBaseModel(model)),
      ...adapters.map((adapter) => this.ofAdapter(adapter)),
      ...aliases.map((alias) => this.ofAlias(alias)),
    ];
  }

  /** @throws AdapterNotFoundError that names the field `model` */
  async get(name: string): Promise<NamedModel> {
    if (this.adapters.isBaseModel(name)) return ofBaseModel(this.adapters.baseModel(name), name);
    const alias = await this.aliases.find(name);
    return alias ? this.ofAlias(alias) : this.ofAdapter(await this.adapters.get(name, 'model'));
  }

  private ofAdapter({ modelId: name, baseModel: parent, createdAt }: AdapterEntity): NamedModel {
    return { name, kind: 'adapter', parent, createdAt, base: this.baseModels.get(parent) };
  }

  private ofAlias({ name, target: parent, baseModel, createdAt }: AliasVersionEntity): NamedModel {
    return { name, kind: 'alias', parent, createdAt, base: this.baseModels.get(baseModel) };
  }
}

/** `name`: one of those that the model has. */
function ofBaseModel(base: BaseModel, name = base.name): NamedModel {
  return { name, kind: 'base', parent: null, createdAt: STARTED, base };
}
