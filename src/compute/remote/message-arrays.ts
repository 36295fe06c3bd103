import { type FromEngine, type Method, type ToEngine } from './calls.js';

/** Buffers up to this size may be Node's shared pool, and cost less to copy than to transfer. */
const MAX_COPIED_BYTES = Math.max(Buffer.poolSize, 16_384);

/**
 * Calls whose arguments the caller reads no more (see ComputeBackend), so that their arrays can change hands. The
 * prompt of a generation is read again for its text.
 */
const HANDED_OVER: ReadonlySet<Method> = new Set([
  'createAdapter',
  'loadState',
  'loadWeights',
  'forward',
  'forwardBackward',
]);

/** What a message takes with it. */
export interface Freight {
  /** Bytes of the arrays in the message. */
  readonly bytes: number;
  /** Buffers that the receiver takes over from the sender. */
  readonly transfer: readonly ArrayBuffer[];
}

/** The freight of a message to or from the engine. Results belong to the caller, so their arrays always change hands. */
export function freightOf(message: ToEngine | FromEngine): Freight {
  const arrays = [...arraysIn(message)];
  const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const handedOver = message.kind === 'result' || (message.kind === 'call' && HANDED_OVER.has(message.method));
  return { bytes, transfer: handedOver ? largeBuffers(arrays) : [] };
}

function largeBuffers(arrays: readonly ArrayBufferView[]): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { buffer } of arrays) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength > MAX_COPIED_BYTES) buffers.add(buffer);
  }
  return [...buffers];
}

/** The typed arrays in plain data, at any depth. Lists of numbers are not looked through. */
function* arraysIn(value: unknown): Generator<ArrayBufferView> {
  if (typeof value !== 'object' || value === null) return;
  if (ArrayBuffer.isView(value)) yield value;
  else if (value instanceof Map) for (const part of value.values()) yield* arraysIn(part);
  else if (Array.isArray(value) && typeof value[0] === 'number') return;
  else for (const part of Object.values(value)) yield* arraysIn(part);
}
