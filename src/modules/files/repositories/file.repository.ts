import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, LessThanOrEqual, Repository } from 'typeorm';
import { isStorable } from '../../../common/http/validation/is-storable.js';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { FileEntity } from '../entities/file.entity.js';

export type NewFileRow = Omit<FileEntity, 'createdAt'>;

export interface FilePageQuery {
  /** The last file of the page before. */
  readonly after?: string;
  readonly limit: number;
  readonly order: 'asc' | 'desc';
  readonly purpose?: string;
  /** What the name contains, in any case. */
  readonly search?: string;
}

@Injectable()
export class FileRepository {
  constructor(@InjectRepository(FileEntity) private readonly rows: Repository<FileEntity>) {}

  /** A second try after an outage finds the row. */
  async insert(row: NewFileRow): Promise<FileEntity> {
    return whenDatabaseIsBack(async () => {
      await this.rows.createQueryBuilder().insert().values(row).orIgnore().execute();
      return this.rows.findOneByOrFail({ id: row.id });
    });
  }

  /** Null for one that has expired, too. */
  async find(owner: string, id: string): Promise<FileEntity | null> {
    if (!isStorable(id)) return null;
    const row = await this.rows.findOneBy({ owner, id });
    return row && !isExpired(row) ? row : null;
  }

  /** One more than asked for, where there are more. `after` must be there. */
  findPage(owner: string, { after, limit, order, purpose, search }: FilePageQuery): Promise<FileEntity[]> {
    const query = this.rows
      .createQueryBuilder('file')
      .where('file.owner = :owner AND (file.expires_at IS NULL OR file.expires_at > now())', { owner });
    if (purpose !== undefined) query.andWhere('file.purpose = :purpose', { purpose });
    if (search !== undefined) query.andWhere('strpos(lower(file.filename), lower(:search)) > 0', { search });
    if (after !== undefined) {
      const comparison = order === 'asc' ? '>' : '<';
      query.andWhere(`(file.created_at, file.id) ${comparison} (SELECT created_at, id FROM files WHERE id = :after)`, {
        after,
      });
    }
    const direction = order === 'asc' ? 'ASC' : 'DESC';
    return query
      .orderBy('file.createdAt', direction)
      .addOrderBy('file.id', direction)
      .limit(limit + 1)
      .getMany();
  }

  /** False when somebody else has deleted it. */
  async delete(owner: string, id: string): Promise<boolean> {
    const { affected } = await this.rows.delete({ owner, id });
    return (affected ?? 0) > 0;
  }

  /** Deletes the rows of at most `limit` files whose time is over; their ids. */
  async deleteExpired(limit: number): Promise<string[]> {
    return this.rows.manager.transaction(async (manager: EntityManager) => {
      const expired = await manager.find(FileEntity, {
        select: { id: true },
        where: { expiresAt: LessThanOrEqual(new Date()) },
        order: { expiresAt: 'ASC' },
        take: limit,
      });
      const ids = expired.map(({ id }) => id);
      await manager.delete(FileEntity, { id: In(ids) });
      return ids;
    });
  }

  /** Of these ids, those that have a row. */
  async findExisting(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.rows.find({ select: { id: true }, where: { id: In([...ids]) } });
    return new Set(rows.map(({ id }) => id));
  }
}

function isExpired({ expiresAt }: FileEntity): boolean {
  return expiresAt !== null && expiresAt.getTime() <= Date.now();
}
