import { Injectable } from '@nestjs/common';
import { type OperationKind } from '../../domain/operation.js';
import { FuturesService } from '../futures/index.js';
import { type AuditEntryDto } from './dto/records.dto.js';

const EVENTS = {
  create_adapter: 'model_create',
  unload_adapter: 'model_unload',
  delete_adapter: 'model_delete',
  save_weights: 'checkpoint_save',
  save_weights_for_sampler: 'checkpoint_save',
  load_weights: 'checkpoint_load',
} as const satisfies Partial<Record<OperationKind, string>>;

const MOST = 1000;
const DAY_MS = 86_400_000;

/** The requests of the log that make, save, load or delete something, as an audit log. */
@Injectable()
export class TinkerAudit {
  constructor(private readonly futures: FuturesService) {}

  /** Oldest first; the newest ones where there are too many. `day`: an ISO date, UTC. */
  async read(type: 'all' | 'checkpoints', day?: string): Promise<AuditEntryDto[]> {
    const kinds = Object.entries(EVENTS).filter(([, event]) => type === 'all' || event.startsWith('checkpoint_'));
    const names = kinds.map(([kind]) => kind as keyof typeof EVENTS);
    const start = day === undefined ? undefined : new Date(`${day.slice(0, 10)}T00:00:00Z`);
    const range = start && { from: start, to: new Date(start.getTime() + DAY_MS) };
    const rows = await this.futures.history(names, MOST, range);
    return rows.reverse().map(({ kind, createdAt, modelId, path }) => ({
      timestamp: createdAt.toISOString(),
      event: EVENTS[kind as keyof typeof EVENTS],
      model_id: modelId,
      tinker_path: path,
    }));
  }
}
