/**
 * Work that would hold up the event loop: a function that a module exports, which a thread imports and calls. What goes
 * in and comes out is cloned between threads, so it is plain data; buffers named in `transfer` change hands uncopied.
 */
export interface ThreadTask<Input, Output> {
  /** The module that exports the function, its `import.meta.url`. */
  readonly url: string;
  readonly run: ThreadFunction<Input, Output>;
}

export type ThreadFunction<Input, Output> = (input: Input) => TaskOutput<Output> | Promise<TaskOutput<Output>>;

export interface TaskOutput<Output> {
  readonly value: Output;
  readonly transfer?: readonly ArrayBuffer[];
}

/** What a thread is asked. */
export interface ThreadCall {
  readonly url: string;
  /** Under which the module exports the function. */
  readonly name: string;
  readonly input: unknown;
}

/** The buffers of these arrays, each once. */
export function buffersOf(arrays: Iterable<ArrayBufferView>): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { buffer } of arrays) if (buffer instanceof ArrayBuffer) buffers.add(buffer);
  return [...buffers];
}
