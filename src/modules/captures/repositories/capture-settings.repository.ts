import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { whenDatabaseIsBack } from '../../../database/outage.js';
import { CaptureSettingsEntity } from '../entities/capture-settings.entity.js';

@Injectable()
export class CaptureSettingsRepository {
  constructor(@InjectRepository(CaptureSettingsEntity) private readonly rows: Repository<CaptureSettingsEntity>) {}

  find(owner: string): Promise<CaptureSettingsEntity | null> {
    return whenDatabaseIsBack(() => this.rows.findOneBy({ owner }));
  }

  async save(settings: CaptureSettingsEntity): Promise<void> {
    await whenDatabaseIsBack(() => this.rows.upsert(settings, ['owner']));
  }
}
