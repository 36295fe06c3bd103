import { Injectable } from '@nestjs/common';
import { InjectEntityManager } from '@nestjs/typeorm';
import { EntityManager } from 'typeorm';
import { NO_OWNER } from '../../../common/caller.js';
import { invalid } from '../../../common/json/json-fields.js';
import { AppConfig } from '../../../config/app-config.js';
import { findOwner, ownerNames } from '../key-names.js';
import { type OwnerTotals, totalsByOwner } from './owner-totals.js';
import { type Belongings, handOverAdapter, type HandedOverAdapter, handOverAll } from './ownership.js';

export interface OwnerDetails extends OwnerTotals {
  /** null: the key is not one of the database. */
  readonly name: string | null;
}

/** Who owns what, and changes of owners. */
@Injectable()
export class OwnersService {
  constructor(
    @InjectEntityManager() private readonly manager: EntityManager,
    private readonly config: AppConfig,
  ) {}

  async list(): Promise<OwnerDetails[]> {
    const names = await ownerNames(this.manager);
    const rows = await totalsByOwner(this.manager);
    return rows.map((totals) => ({ ...totals, name: names.get(totals.owner) ?? null }));
  }

  /**
   * @param from name or id of a key; '' for what was made without keys
   * @throws NotFoundError for an unknown key, ConflictError where both have a thing of the same name
   */
  async handOver(from: string, to: string): Promise<{ owner: string; belongings: Belongings }> {
    const search = { config: this.config, manager: this.manager };
    const source = from === NO_OWNER ? NO_OWNER : await findOwner(from, { ...search, mayBeGone: true });
    const owner = await findOwner(to, { ...search, mayBeGone: false });
    if (source === owner) throw invalid('to', 'is the same key as from.', 'Pass two different keys.');
    return { owner, belongings: await handOverAll(source, owner, this.manager) };
  }

  /**
   * @param to name or id of a key
   * @throws NotFoundError for an unknown adapter or key, ConflictError where the new owner has the name already
   */
  async handOverAdapter(id: string, to: string): Promise<HandedOverAdapter & { readonly owner: string }> {
    const owner = await findOwner(to, { config: this.config, manager: this.manager, mayBeGone: false });
    return { owner, ...(await handOverAdapter(id, owner, this.manager)) };
  }
}
