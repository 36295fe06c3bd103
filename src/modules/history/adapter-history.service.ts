import { Injectable } from '@nestjs/common';
import { nextCursor } from '../../common/pages/next-cursor.js';
import { type OperationData } from '../../domain/operation-data.js';
import { decodeJsonPart } from '../../formats/operation-data.codec.js';
import {
  type Accepted,
  AcceptedRequests,
  FuturesService,
  type HistoryRow,
  OperationLogRepository,
} from '../futures/index.js';
import { AdaptersService, type AdapterEntity } from '../adapters/index.js';
import { toChange } from './change-rows.js';
import { HistoryPoints, type HistoryPoint } from './history-points.js';
import { type Change, currentTimeline } from './timeline.js';
import { rewindAdapterOperation } from '../../operations/kinds/rewind-adapter.operation.js';

/** A request that has changed the adapter. */
export interface HistoryEntry extends Omit<HistoryRow, 'result' | 'position'> {
  /** Not undone by a later rewind. */
  readonly current: boolean;
  readonly result: OperationData['json'] | null;
}

/** What has happened to an adapter, and ways back: rewinding it, and forking another one off. */
@Injectable()
export class AdapterHistoryService {
  constructor(
    private readonly adapters: AdaptersService,
    private readonly log: OperationLogRepository,
    private readonly futures: FuturesService,
    private readonly points: HistoryPoints,
    private readonly accepted: AcceptedRequests,
  ) {}

  /** Newest first, those before `cursor` where given. */
  async page(
    modelId: string,
    limit: number,
    cursor = Number.MAX_SAFE_INTEGER,
  ): Promise<{ entries: HistoryEntry[]; nextCursor: number | null }> {
    const { id } = await this.adapters.get(modelId);
    const changes = (await this.log.findChanges(id)).map(toChange);
    const timeline = currentTimeline(changes);
    const current = new Set(timeline.map(({ requestId }) => requestId));
    const steps = new Map(changes.map(({ requestId, step }) => [requestId, step]));
    const rows = await this.log.findHistory(id, cursor, limit);
    const entries = rows.map(({ result, ...row }) => ({
      ...row,
      step: steps.get(row.request_id) ?? row.step,
      current: current.has(row.request_id),
      result: result === null ? null : decodeJsonPart(result),
    }));
    return { entries, nextCursor: nextCursor(rows, limit, ({ position }) => Number(position)) };
  }

  /** Is logged after the operations sent before; the state it goes back to is known now. */
  async rewind(modelId: string, wish: HistoryPoint, seqId?: number): Promise<Accepted & { target: Change }> {
    const adapter = await this.adapters.get(modelId);
    const changes = await this.changes(adapter);
    const target =
      (await this.repeated(adapter, changes, wish, seqId)) ?? (await this.points.find(adapter, changes, wish));
    const { id: adapterId, baseModel } = adapter;
    const request = rewindAdapterOperation.encode({ position: target.position });
    const operation = { kind: 'rewind_adapter', adapterId, modelId, baseModel, seqId, request } as const;
    return { ...(await this.futures.submit(operation)), target };
  }

  /** A new adapter that begins as this one was; without a point, as it is now. The source is not touched. */
  async fork(
    modelId: string,
    wish: HistoryPoint,
    newModelId?: string,
  ): Promise<{ adapter: AdapterEntity; accepted: Accepted; source: Change }> {
    const adapter = await this.adapters.get(modelId);
    const changes = await this.changes(adapter);
    const source = await this.points.findOrNow(adapter, changes, wish);
    const step = stepAt(changes, source);
    const fork = { adapterId: adapter.id, modelId, position: source.position, step };
    const { baseModel, lora } = adapter;
    return { ...(await this.adapters.create({ modelId: newModelId, baseModel, lora, fork })), source };
  }

  /**
   * What the first request with this number was told that it goes back to. A repeat must find the same, even if the step
   * has become ambiguous or has left the log meanwhile. Null for a new request, or another one under a used number.
   */
  private async repeated(
    { id }: AdapterEntity,
    changes: readonly Change[],
    { step, requestId }: HistoryPoint,
    seqId: number | undefined,
  ): Promise<Change | null> {
    const json = seqId === undefined ? null : await this.accepted.jsonOf(id, seqId);
    if (json === null || json['rewind'] === undefined) return null;
    const { position } = rewindAdapterOperation.decode({ json, tensors: {} });
    const target = changes.find((change) => change.position === position);
    if (target === undefined) return null;
    return (requestId === undefined ? step === target.step : requestId === target.requestId) ? target : null;
  }

  private async changes({ id }: AdapterEntity): Promise<Change[]> {
    return (await this.log.findChanges(id)).map(toChange);
  }
}

/** Each change that sets the steps says so, rewinds included: the last one up to there counts. */
function stepAt(changes: readonly Change[], { position }: Change): number {
  return changes.findLast((change) => change.position <= position && change.step !== null)?.step ?? 0;
}
