/** Memory of a process of the engine, in bytes. */
export interface RankMemory {
  readonly rank: number;
  /** Name of its machine. */
  readonly host: string;
  /** Main memory that the process takes. */
  readonly processBytes: number;
  /** Of its GPU: what the process holds, and what there is; null on a CPU. */
  readonly gpu: { readonly heldBytes: number; readonly totalBytes: number } | null;
}
