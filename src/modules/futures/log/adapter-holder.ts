import { SetMetadata } from '@nestjs/common';

export const ADAPTER_HOLDER = Symbol('adapter holder');

/** Keeps adapters in a worker's memory. The worker asks it to free them, in the adapter's queue or when nothing runs. */
export interface AdapterHolder {
  /** Is something of the adapter in memory? */
  holds(adapterId: string): boolean;
  /** Adapters that should leave the memory: idle for too long, or others need the room. */
  evictable(): readonly string[];
  /** Writes the adapter's state down and frees its memory. Runs in the adapter's queue. */
  unload(adapterId: string): Promise<void>;
  /** Frees the adapter's memory and writes nothing: another worker has the adapter, or the engine has lost it. */
  evict(adapterId: string): Promise<void>;
  /** Writes every adapter's state down. Nothing runs any more and the backend is still up: the last chance to do so. */
  drain(): Promise<void>;
}

/** Marks an AdapterHolder; the worker finds it. */
export function HoldsAdapters() {
  return (target: abstract new (...dependencies: never[]) => AdapterHolder): void => {
    SetMetadata(ADAPTER_HOLDER, true)(target);
  };
}
