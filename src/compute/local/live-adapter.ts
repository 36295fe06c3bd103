import { type AdapterState, type AdapterTensors } from '../../domain/adapter/adapter-state.js';
import { isMixed, loraScale, type LoraSpec } from '../../domain/adapter/lora-spec.js';
import { type HostTensor, hostTensor } from '../graph/program.js';
import { A_SUFFIX, LORA_SCALE, moduleScale } from '../models/lora-linears.js';

/**
 * An adapter in memory. Its state is replaced as a whole, never changed in place: whoever holds a state (a running
 * generation, a snapshot being written) keeps exactly that one, and a step that fails leaves the old one.
 */
export class LiveAdapter {
  private changes: Promise<unknown> = Promise.resolve();

  constructor(
    readonly id: string,
    readonly baseModel: string,
    readonly lora: LoraSpec,
    public state: AdapterState,
  ) {}

  /** Replaces the state by what `next` makes of it, one change after another, since some are made in another thread. */
  change<T>(next: (state: AdapterState) => Promise<readonly [AdapterState, T]>): Promise<T> {
    const change = this.changes.then(async () => {
      const [state, result] = await next(this.state);
      this.state = state;
      return result;
    });
    this.changes = change.catch(() => undefined);
    return change;
  }

  /** What the weights are fed as. */
  feeds(): [string, HostTensor][] {
    return loraFeeds(this.lora, this.state.weights);
  }
}

export function loraFeeds(lora: LoraSpec, weights: AdapterTensors): [string, HostTensor][] {
  const tensors = [...weights].map(([name, { data, shape }]): [string, HostTensor] => [name, hostTensor(data, shape)]);
  return [...tensors, ...scaleFeeds(lora, weights)];
}

function scaleFeeds(lora: LoraSpec, weights: AdapterTensors): [string, HostTensor][] {
  const scale = (module?: string) => hostTensor(Float32Array.of(loraScale(lora, module)), [1, 1]);
  if (!isMixed(lora)) return [[LORA_SCALE, scale()]];
  const modules = [...weights.keys()]
    .filter((name) => name.endsWith(A_SUFFIX))
    .map((name) => name.slice(0, -A_SUFFIX.length));
  return modules.map((module) => [moduleScale(module), scale(module)]);
}
