import { buffersOf, type TaskOutput, type ThreadTask } from '../../common/threads/thread-task.js';
import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState, type AdapterTensors, NO_GRADIENTS } from '../../domain/adapter/adapter-state.js';
import { type AdamwResult, adamwStep } from './adamw.js';
import { copyState } from './adapter-tensors.js';
import { NoGradientsError } from './engine.errors.js';
import { stateDigest } from './state-digest.js';

/*
 * What takes as long as the state of an adapter is large, for a thread beside the one that runs the model: a rank of 16 on
 * every linear of a 135M model takes 100 ms to step and to digest. A thread gets a copy of the weights and gradients;
 * moments, which no program reads, lie in memory that threads share, so that they are never copied.
 */

export interface SteppedState extends Omit<AdamwResult, 'state'> {
  readonly state: AdapterState;
  readonly digest: string;
}

interface StepInput {
  readonly state: AdapterState;
  readonly params: AdamParams;
}

/** One AdamW step; the gradients are used up. @throws NoGradientsError when there are none */
export async function stepState({ state, params }: StepInput): Promise<TaskOutput<SteppedState>> {
  if (!state.gradients) throw new NoGradientsError();
  const { state: stepped, ...norms } = adamwStep(state, state.gradients, params);
  const moments = { m: shared(stepped.moments.m), v: shared(stepped.moments.v) };
  const next = { ...state, ...stepped, moments, ...NO_GRADIENTS };
  return { value: { state: next, ...norms, digest: await stateDigest(next) }, transfer: buffersIn(next.weights) };
}

export async function digestOf(state: AdapterState): Promise<TaskOutput<string>> {
  return { value: await stateDigest(state) };
}

/** A state that shares no memory with this one. */
export function copyOf(state: AdapterState): TaskOutput<AdapterState> {
  const copy = copyState(state);
  const { weights, moments, gradients } = copy;
  const all = [weights, moments.m, moments.v, ...(gradients ? [gradients] : [])];
  return { value: copy, transfer: all.flatMap(buffersIn) };
}

export const STEP: ThreadTask<StepInput, SteppedState> = { url: import.meta.url, run: stepState };
export const DIGEST: ThreadTask<AdapterState, string> = { url: import.meta.url, run: digestOf };
export const COPY: ThreadTask<AdapterState, AdapterState> = { url: import.meta.url, run: copyOf };

function buffersIn(tensors: AdapterTensors): ArrayBuffer[] {
  return buffersOf([...tensors.values()].map(({ data }) => data));
}

/** The same numbers in memory that threads share. */
function shared(tensors: AdapterTensors): AdapterTensors {
  return new Map(
    [...tensors].map(([name, { shape, data: own }]) => {
      const data = new Float32Array(new SharedArrayBuffer(own.byteLength));
      data.set(own);
      return [name, { shape, data }];
    }),
  );
}
