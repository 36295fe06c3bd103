import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { And, LessThan, MoreThanOrEqual, Repository } from 'typeorm';
import { UsageHourEntity } from './entities/usage-hour.entity.js';

@Injectable()
export class UsageRepository {
  constructor(@InjectRepository(UsageHourEntity) private readonly rows: Repository<UsageHourEntity>) {}

  /** The owner's hours that begin in [from, to), oldest first. */
  findHours(owner: string, from: Date, to: Date): Promise<UsageHourEntity[]> {
    return this.rows.find({
      where: { owner, hour: And(MoreThanOrEqual(from), LessThan(to)) },
      order: { hour: 'ASC', sessionId: 'ASC', modelId: 'ASC', kind: 'ASC' },
    });
  }
}
