import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { AliasVersionEntity } from '../entities/alias-version.entity.js';

export type NewAliasVersion = Omit<AliasVersionEntity, 'createdAt'>;

@Injectable()
export class AliasRepository {
  constructor(@InjectRepository(AliasVersionEntity) private readonly rows: Repository<AliasVersionEntity>) {}

  get manager(): EntityManager {
    return this.rows.manager;
  }

  /** The newest version. */
  find(owner: string, name: string, manager = this.manager): Promise<AliasVersionEntity | null> {
    return manager.findOne(AliasVersionEntity, { where: { owner, name }, order: { version: 'DESC' } });
  }

  findVersion(
    { owner, name }: AliasVersionEntity,
    version: number,
    manager: EntityManager,
  ): Promise<AliasVersionEntity | null> {
    return manager.findOneBy(AliasVersionEntity, { owner, name, version });
  }

  /** The newest version of each name, by name. */
  findAll(owner: string): Promise<AliasVersionEntity[]> {
    return this.rows
      .createQueryBuilder('alias')
      .distinctOn(['alias.name'])
      .where({ owner })
      .orderBy('alias.name', 'ASC')
      .addOrderBy('alias.version', 'DESC')
      .getMany();
  }

  /** Newest first. */
  findHistory(owner: string, name: string): Promise<AliasVersionEntity[]> {
    return this.rows.find({ where: { owner, name }, order: { version: 'DESC' } });
  }

  async insert(row: NewAliasVersion, manager: EntityManager): Promise<AliasVersionEntity> {
    await manager.insert(AliasVersionEntity, row);
    const { owner, name, version } = row;
    return manager.findOneByOrFail(AliasVersionEntity, { owner, name, version });
  }

  async delete(owner: string, name: string): Promise<boolean> {
    const { affected } = await this.rows.delete({ owner, name });
    return (affected ?? 0) > 0;
  }
}
