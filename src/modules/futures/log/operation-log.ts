import { Injectable } from '@nestjs/common';
import { decodeOperationData } from '../../../formats/operation-data.codec.js';
import { type Operation } from './operation.js';
import { OperationLogRepository, type OperationRow, type PositionRange } from './operation-log.repository.js';

/** An operation that changed its adapter, with what it left behind then. */
export interface LoggedOperation extends Operation {
  /** It failed, and had its effect all the same. */
  readonly failed: boolean;
  readonly step: number | null;
  readonly digest: string | null;
}

/** Rows fetched at a time: a payload may be megabytes. */
const PAGE = 16;

/** A key with a priority has this many times the weight of one with the priority below. */
const WEIGHT_BASE = 4;

/** Reads the log of an adapter, for rebuilding its state. */
@Injectable()
export class OperationLog {
  constructor(private readonly rows: OperationLogRepository) {}

  /** Is every operation of the adapter since its creation still there? */
  isWhole(adapterId: string): Promise<boolean> {
    return this.rows.isWhole(adapterId);
  }

  /** The operations that changed the adapter, in this range, in the order in which they ran. */
  async *mutations(adapterId: string, range: PositionRange): AsyncGenerator<LoggedOperation> {
    let { after } = range;
    for (;;) {
      const page = await this.rows.findMutations(adapterId, { ...range, after }, PAGE);
      for (const row of page) {
        yield { ...toOperation(row, 0), failed: row.status === 'failed', step: row.step, digest: row.digest };
      }
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = Number(last.position);
    }
  }
}

/** The row in the shape handlers work on. */
export function toOperation(row: OperationRow, lease: number, deadline = Infinity): Operation {
  return {
    requestId: row.request_id,
    position: Number(row.position),
    owner: row.owner,
    weight: WEIGHT_BASE ** row.priority,
    kind: row.kind,
    adapterId: row.adapter_id,
    modelId: row.model_id,
    baseModel: row.base_model,
    request: decodeOperationData(row.request),
    lease,
    deadline,
  };
}
