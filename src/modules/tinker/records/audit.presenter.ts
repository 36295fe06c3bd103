import { Injectable } from '@nestjs/common';
import { type OperationKind } from '../../../domain/operation.js';
import { CheckpointLibrary } from '../../checkpoints/index.js';
import { FuturesService } from '../../futures/index.js';
import { type AuditEntryDto } from './dto/records.dto.js';

const EVENTS = {
  create_adapter: 'model_create',
  unload_adapter: 'model_unload',
  delete_adapter: 'model_delete',
  save_weights: 'checkpoint_save',
  save_weights_for_sampler: 'checkpoint_save',
  save_weights_external: 'checkpoint_save',
  load_weights: 'checkpoint_load',
} as const satisfies Partial<Record<OperationKind, string>>;

const MOST = 1000;
const DAY_MS = 86_400_000;

type Kind = keyof typeof EVENTS;

interface TimeRange {
  readonly from: Date;
  readonly to: Date;
}

/** What was made, saved, loaded, deleted, published: from the log of requests and from the events of checkpoints. */
@Injectable()
export class TinkerAudit {
  constructor(
    private readonly futures: FuturesService,
    private readonly checkpoints: CheckpointLibrary,
  ) {}

  /** Oldest first; the newest ones where there are too many. `day`: an ISO date, UTC. */
  async read(type: 'all' | 'checkpoints', day?: string): Promise<AuditEntryDto[]> {
    const start = day === undefined ? undefined : new Date(`${day.slice(0, 10)}T00:00:00Z`);
    const range = start && { from: start, to: new Date(start.getTime() + DAY_MS) };
    const entries = [...(await this.requests(type, range)), ...(await this.events(range))];
    return entries.sort((a, b) => a.timestamp.localeCompare(b.timestamp)).slice(-MOST);
  }

  private async requests(type: 'all' | 'checkpoints', range?: TimeRange): Promise<AuditEntryDto[]> {
    const kinds = Object.entries(EVENTS).filter(([, event]) => type === 'all' || event.startsWith('checkpoint_'));
    const names = kinds.map(([kind]) => kind as Kind);
    const rows = await this.futures.ofKinds(names, MOST, range);
    return rows.reverse().map(({ kind, status, errorCode, createdAt, modelId, path }) => ({
      timestamp: createdAt.toISOString(),
      event: EVENTS[kind as Kind],
      event_details: { status, ...(errorCode === null ? {} : { error: errorCode }) },
      model_id: modelId,
      tinker_path: isHidden(path) ? null : path,
    }));
  }

  private async events(range?: TimeRange): Promise<AuditEntryDto[]> {
    const rows = await this.checkpoints.events(MOST, range);
    return rows.reverse().map(({ createdAt, event, modelId, path, details }) => ({
      timestamp: createdAt.toISOString(),
      event,
      event_details: details,
      model_id: modelId,
      tinker_path: path,
    }));
  }
}

/** Of a save without a name: nobody can use its path. */
function isHidden(path: string | null): boolean {
  return path !== null && /\/\.[^/]*$/.test(path);
}
