import { StorageError } from '../common/errors/storage.errors.js';
import {
  type AdapterState,
  type AdapterTensors,
  type NamedTensor,
  NO_GRADIENTS,
} from '../domain/adapter/adapter-state.js';
import { encodeSafetensors, parseSafetensors, tensorAsFloat32, type TensorToWrite } from './safetensors.js';

/**
 * Everything of an adapter's state but its weights, as optimizer.safetensors beside them: moments under PyTorch's names
 * (`exp_avg.<parameter>`, `exp_avg_sq.<parameter>`), unapplied gradients as `gradient.<parameter>`, step and passes in
 * the metadata. Bit for bit: NaN payloads and signed zeros come back as they were.
 */

export const OPTIMIZER_FILE = 'optimizer.safetensors';

export type OptimizerState = Omit<AdapterState, 'weights'>;

const FIRST_MOMENT = 'exp_avg.';
const SECOND_MOMENT = 'exp_avg_sq.';
const GRADIENT = 'gradient.';

export function encodeOptimizerState(state: OptimizerState): Uint8Array {
  const tensors = new Map<string, TensorToWrite>();
  const add = (prefix: string, group: AdapterTensors | null): void => {
    for (const [name, { shape, data }] of group ?? []) tensors.set(prefix + name, { dtype: 'F32', shape, data });
  };
  add(FIRST_MOMENT, state.moments.m);
  add(SECOND_MOMENT, state.moments.v);
  add(GRADIENT, state.gradients);
  return encodeSafetensors(tensors, {
    format: 'pt',
    step: String(state.step),
    passes: String(state.passes),
    gradients: state.gradients === null ? 'none' : 'kept',
    gradient_passes: String(state.gradientPasses),
  });
}

/** `weights`: those stored beside it; names and shapes must agree. @throws StorageError when the file is damaged. */
export function decodeOptimizerState(bytes: Uint8Array, weights: AdapterTensors): OptimizerState {
  try {
    const { metadata, tensors } = parseSafetensors(bytes, OPTIMIZER_FILE);
    const group = (prefix: string): AdapterTensors => {
      const found = new Map<string, NamedTensor>();
      for (const entry of tensors.values()) {
        if (!entry.name.startsWith(prefix)) continue;
        // Memory of their own: the state outlives the file's bytes and may move to another thread.
        found.set(entry.name.slice(prefix.length), { shape: entry.shape, data: tensorAsFloat32(bytes, entry).slice() });
      }
      checkAgainst(weights, found, prefix);
      return found;
    };
    const moments = { m: group(FIRST_MOMENT), v: group(SECOND_MOMENT) };
    if (moments.m.size !== moments.v.size) throw new RangeError('it has first moments but no second moments');
    return {
      moments,
      step: count(metadata['step']),
      passes: count(metadata['passes']),
      ...gradientsOf(metadata, group),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StorageError(`Stored ${OPTIMIZER_FILE} is damaged: ${reason}`, {}, { cause: error });
  }
}

/** Files written before the passes were counted have gradients of at least one. */
function gradientsOf(
  { gradients, gradient_passes: passes = '1' }: Readonly<Record<string, string>>,
  group: (prefix: string) => AdapterTensors,
): Pick<OptimizerState, 'gradients' | 'gradientPasses'> {
  return gradients === 'none' ? NO_GRADIENTS : { gradients: group(GRADIENT), gradientPasses: count(passes) };
}

/** A group is empty or has exactly the weights' names and shapes. */
function checkAgainst(weights: AdapterTensors, found: AdapterTensors, prefix: string): void {
  if (found.size === 0) return;
  for (const [name, { shape }] of weights) {
    const other = found.get(name)?.shape;
    if (String(other) !== String(shape)) throw new RangeError(`${prefix}${name} does not match the adapter's weights`);
  }
  if (found.size !== weights.size) throw new RangeError(`it has ${prefix} tensors of other parameters`);
}

function count(text: string | undefined): number {
  const value = Number(text);
  if (text !== undefined && /^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new RangeError('step or passes is not an integer');
}
