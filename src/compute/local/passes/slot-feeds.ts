import { loraScale, type LoraSpec } from '../../../domain/adapter/lora-spec.js';
import { type HostTensor, hostTensor } from '../../graph/program.js';
import { A_SUFFIX, HEAD_SLOTS, LAYER_SLOTS, moduleScale, type SlotInputs } from '../../models/lora-linears.js';
import { type SlotShapes } from './adapter-stacks.js';
import { type PackedRun, type RunLayout } from './run-feeds.js';

/**
 * Which rows belong to the adapter of which part (see SlotInputs).
 *
 * @param adapters that of each part; null for the bare base model
 */
export function slotFeeds(
  run: PackedRun,
  adapters: readonly (LoraSpec | null)[],
  { headLora, minRows, mixed = false }: Pick<RunLayout, 'headLora' | 'minRows'> & { mixed?: boolean },
): [string, HostTensor][] {
  const scales = adapters.map((lora) => (lora === null ? 0 : mixed ? 1 : loraScale(lora)));
  const rows = run.parts.map(({ tokens }, part) => Int32Array.from(tokens, (_, row) => run.starts[part]! + row));
  const owners = Int32Array.from(rows.flatMap((own, part) => Array.from(own, () => part)));
  const { positions, sources } = run.scored;
  return [
    ...slotInputFeeds(LAYER_SLOTS, { rows, owners, scales, minRows }),
    ...(headLora ? slotInputFeeds(HEAD_SLOTS, { rows: positions, owners: sources.part, scales, minRows }) : []),
  ];
}

/** The scales of each module that has stacked matrices. */
export function moduleScaleFeeds(stacks: SlotShapes, adapters: readonly (LoraSpec | null)[]): [string, HostTensor][] {
  const modules = [...stacks.keys()]
    .filter((name) => name.endsWith(A_SUFFIX))
    .map((name) => name.slice(0, -A_SUFFIX.length));
  return modules.map((module) => {
    const scales = Float32Array.from(adapters, (lora) => (lora === null ? 0 : loraScale(lora, module)));
    return [moduleScale(module), hostTensor(scales, [adapters.length, 1, 1])];
  });
}

interface RowsOfParts {
  readonly rows: readonly Int32Array[];
  /** For each row its part; rows that are in no list of `rows` repeat one of their part. */
  readonly owners: Int32Array;
  readonly scales: readonly number[];
  readonly minRows: number;
}

export function slotInputFeeds(
  names: SlotInputs,
  { rows, owners, scales, minRows }: RowsOfParts,
): [string, HostTensor][] {
  const most = rows.reduce((count, { length }) => Math.max(count, length), minRows);
  const gather = new Int32Array(rows.length * most);
  const scatter = owners.map((part) => part * most);
  const scale = new Float32Array(rows.length * most);
  rows.forEach((own, part) => {
    const start = part * most;
    gather.fill(own[0]!, start, start + most);
    gather.set(own, start);
    scale.fill(scales[part]!, start, start + own.length);
    own.forEach((row, position) => (scatter[row] = start + position));
  });
  return [
    [names.gather, hostTensor(gather, [rows.length, most])],
    [names.scatter, hostTensor(scatter, [scatter.length])],
    [names.scale, hostTensor(scale, [rows.length, most, 1])],
  ];
}
