import { freemem, totalmem } from 'node:os';

/** In bytes. */
export interface ProcessMemory {
  /** Resident memory of this process. */
  readonly processBytes: number;
  /** Free memory of its machine. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export function readProcessMemory(): ProcessMemory {
  return { processBytes: process.memoryUsage.rss(), freeBytes: freemem(), totalBytes: totalmem() };
}
