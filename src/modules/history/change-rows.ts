import { decodeJsonPart, decodeOperationData } from '../../formats/operation-data.codec.js';
import { rewindAdapterOperation } from '../../operations/kinds/rewind-adapter.operation.js';
import { type ChangeRow } from '../futures/index.js';
import { type Change } from './timeline.js';

/** A row of the log as an entry of the timeline. */
export function toChange({ request_id: requestId, position, kind, request, ...row }: ChangeRow): Change {
  const target = request === null ? null : rewindAdapterOperation.decode(decodeOperationData(request)).position;
  const step = row.step ?? (kind === 'create_adapter' ? 0 : stepInResult(row.result));
  return { requestId, position, kind, step, target };
}

/** Rows of earlier versions do not have the step; the result of an optimiser step tells it among its metrics. */
function stepInResult(result: Buffer | null): number | null {
  const metrics = result === null ? undefined : decodeJsonPart(result)?.['metrics'];
  const step: unknown = typeof metrics === 'object' && metrics !== null ? Reflect.get(metrics, 'step') : undefined;
  return typeof step === 'number' ? step : null;
}
