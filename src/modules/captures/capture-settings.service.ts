import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../common/caller.js';
import { type CaptureSettingsEntity } from './entities/capture-settings.entity.js';
import { CaptureSettingsRepository } from './repositories/capture-settings.repository.js';

/** A change counts after this long at the latest in other processes; at once in this one. */
const REFRESH_MS = 5000;
const MAX_KNOWN = 10_000;
const DEFAULT_RETENTION_DAYS = 30;

export type CaptureSettings = Pick<CaptureSettingsEntity, 'enabled' | 'retentionDays'>;

const OFF: CaptureSettings = { enabled: false, retentionDays: DEFAULT_RETENTION_DAYS };

/** Whether the caller wants its sampling requests to be kept, and for how long. */
@Injectable()
export class CaptureSettingsService {
  private readonly known = new Map<string, { readonly enabled: boolean; readonly readAt: number }>();

  constructor(private readonly rows: CaptureSettingsRepository) {}

  async get(): Promise<CaptureSettings> {
    return (await this.rows.find(currentOwner())) ?? OFF;
  }

  /** What is left out stays as it is. */
  async change(changes: Partial<CaptureSettings>): Promise<CaptureSettings> {
    const owner = currentOwner();
    const settings = { ...(await this.get()), ...changes };
    await this.rows.save({ owner, ...settings });
    this.known.delete(owner);
    return settings;
  }

  /** Asked for each sampling request, so the answer is remembered for a while. */
  async isEnabled(): Promise<boolean> {
    const owner = currentOwner();
    const known = this.known.get(owner);
    if (known && performance.now() - known.readAt < REFRESH_MS) return known.enabled;
    const { enabled } = await this.get();
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(owner, { enabled, readAt: performance.now() });
    return enabled;
  }
}
