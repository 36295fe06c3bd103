import { Injectable } from '@nestjs/common';
import { decodeOperationData } from '../../formats/operation-data.codec.js';
import { type Operation } from './operation.js';
import { OperationLogRepository, type OperationRow } from './repositories/operation-log.repository.js';

/** Rows fetched at a time: a payload may be megabytes. */
const PAGE = 16;

/** Reads the log of an adapter, for rebuilding its state. */
@Injectable()
export class OperationLog {
  constructor(private readonly rows: OperationLogRepository) {}

  /** The completed operations that changed the adapter, after this position, in the order in which they ran. */
  async *mutationsAfter(adapterId: string, position: number): AsyncGenerator<Operation> {
    let after = position;
    for (;;) {
      const page = await this.rows.findMutations(adapterId, after, PAGE);
      for (const row of page) yield toOperation(row);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = Number(last.position);
    }
  }
}

/** The row in the shape handlers work on. */
export function toOperation(row: OperationRow): Operation {
  return {
    requestId: row.request_id,
    position: Number(row.position),
    kind: row.kind,
    adapterId: row.adapter_id,
    modelId: row.model_id,
    baseModel: row.base_model,
    request: decodeOperationData(row.request),
  };
}
