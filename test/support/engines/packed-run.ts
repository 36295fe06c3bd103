import { type AttentionKind } from '../../../src/compute/models/training-graph.js';
import { layOutPart, type Packable } from '../../../src/compute/local/passes/part-layout.js';
import { type PackedRun, packRun } from '../../../src/compute/local/passes/run-feeds.js';
import { type PositionTables } from '../../../src/compute/local/position-tables.js';

/** Datums of one item as a run of their own, without anything repeated. */
export function packedRun(
  item: Packable,
  datums: readonly number[],
  tables: PositionTables,
  attention?: AttentionKind,
): PackedRun {
  return packRun([layOutPart(item, datums, 1)], { headLora: false, slots: false, minRows: 1, attention }, tables);
}
