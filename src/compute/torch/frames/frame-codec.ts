import { FrameError } from '../torch.errors.js';

/*
 * The frames of the control link (protocol/torch-worker.md): lengths, a JSON header, and a blob with the numbers of all
 * arrays in the header, as they lie in memory (little endian).
 */

type ArrayData = Float32Array | Int32Array | Uint8Array;
type Bytes = Uint8Array<ArrayBuffer>;

/** A tensor on the link: its numbers, row-major, and its shape. */
export class WireArray<T extends ArrayData = ArrayData> {
  constructor(
    readonly data: T,
    readonly shape: readonly number[] = [data.length],
  ) {}
}

/** A message with WireArrays anywhere in it. */
export type Message = Readonly<Record<string, unknown>>;

const LENGTHS_BYTES = 12;
/** Arrays begin at multiples of this. */
const ALIGNMENT = 8;

const TYPES = { float32: Float32Array, int32: Int32Array, uint8: Uint8Array } as const;
type DtypeName = keyof typeof TYPES;

interface ArrayDescription {
  readonly dtype: DtypeName;
  readonly shape: readonly number[];
  readonly offset: number;
}

/** A frame of its own memory, so that the arrays of the message may change at once. Typed arrays count as WireArrays of one dimension. */
export function encodeFrame(message: Message): Buffer {
  const arrays: WireArray[] = [];
  const packed = pack(message, arrays) as Message;
  let blobBytes = 0;
  const descriptions = arrays.map(({ data, shape }): ArrayDescription => {
    const offset = blobBytes;
    blobBytes += Math.ceil(data.byteLength / ALIGNMENT) * ALIGNMENT;
    return { dtype: dtypeOf(data), shape, offset };
  });
  const header = Buffer.from(JSON.stringify({ ...packed, arrays: descriptions }));
  const frame = Buffer.alloc(LENGTHS_BYTES + header.length + blobBytes);
  frame.writeUInt32LE(header.length, 0);
  frame.writeBigUInt64LE(BigInt(blobBytes), 4);
  header.copy(frame, LENGTHS_BYTES);
  const blob = LENGTHS_BYTES + header.length;
  arrays.forEach(({ data }, i) => {
    frame.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), blob + descriptions[i]!.offset);
  });
  return frame;
}

function dtypeOf(data: ArrayData): DtypeName {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof Int32Array ? 'int32' : 'uint8';
}

/** The value with references instead of arrays, which go to the list. */
function pack(value: unknown, arrays: WireArray[]): unknown {
  if (isWireArray(value)) return { $array: arrays.push(value) - 1 };
  if (isArrayData(value)) return { $array: arrays.push(new WireArray(value)) - 1 };
  if (Array.isArray(value)) return value.map((part) => pack(part, arrays));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, pack(part, arrays)]));
}

function isWireArray(value: unknown): value is WireArray {
  return value instanceof WireArray;
}

function isArrayData(value: unknown): value is ArrayData {
  return value instanceof Float32Array || value instanceof Int32Array || value instanceof Uint8Array;
}

/** Puts frames together from the pieces in which they arrive. */
export class FrameDecoder {
  private readonly lengths = new Uint8Array(LENGTHS_BYTES);
  private header: Bytes = new Uint8Array(0);
  private blob: Bytes = new Uint8Array(0);
  /** The part that the next bytes belong to, and how much of it has arrived. */
  private part: 'lengths' | 'header' | 'blob' = 'lengths';
  private filled = 0;

  /** @param maxBytes of a frame; may be raised once the sender is known */
  constructor(public maxBytes: number) {}

  /** The frames that the piece completes. @throws FrameError; then the link is of no more use */
  push(piece: Uint8Array): Message[] {
    const messages: Message[] = [];
    let rest = piece;
    do {
      rest = this.fill(rest);
      if (this.filled < this.target.length) break;
      const message = this.advance();
      if (message) messages.push(message);
    } while (rest.length > 0 || this.target.length === 0);
    return messages;
  }

  private get target(): Uint8Array {
    return this[this.part];
  }

  /** @returns what is left of the piece */
  private fill(piece: Uint8Array): Uint8Array {
    const taken = piece.subarray(0, this.target.length - this.filled);
    this.target.set(taken, this.filled);
    this.filled += taken.length;
    return piece.subarray(taken.length);
  }

  /** Goes on to the next part. @returns the message when the frame is whole */
  private advance(): Message | null {
    this.filled = 0;
    if (this.part === 'lengths') {
      this.allocate();
      this.part = 'header';
      return null;
    }
    if (this.part === 'header') {
      this.part = 'blob';
      return null;
    }
    this.part = 'lengths';
    return decode(this.header, this.blob);
  }

  private allocate(): void {
    const lengths = new DataView(this.lengths.buffer);
    const headerBytes = lengths.getUint32(0, true);
    const blobBytes = Number(lengths.getBigUint64(4, true));
    if (headerBytes + blobBytes > this.maxBytes) {
      throw new FrameError(`a frame of ${headerBytes + blobBytes} bytes, which is more than ${this.maxBytes}`);
    }
    this.header = new Uint8Array(headerBytes);
    this.blob = new Uint8Array(blobBytes);
  }
}

/** The arrays of the message are views of the blob. */
function decode(header: Bytes, blob: Bytes): Message {
  try {
    const { arrays, ...message } = JSON.parse(Buffer.from(header.buffer).toString('utf8')) as Message & {
      readonly arrays?: readonly ArrayDescription[];
    };
    const found = (arrays ?? []).map(({ dtype, shape, offset }) => {
      const length = shape.reduce((product, size) => product * size, 1);
      return new WireArray(new TYPES[dtype](blob.buffer, offset, length), shape);
    });
    return unpack(message, found) as Message;
  } catch (error) {
    throw new FrameError('a frame that cannot be read', { cause: error });
  }
}

function unpack(value: unknown, arrays: readonly WireArray[]): unknown {
  if (Array.isArray(value)) return value.map((part) => unpack(part, arrays));
  if (typeof value !== 'object' || value === null) return value;
  if ('$array' in value) {
    const array = arrays[value.$array as number];
    if (!array) throw new RangeError('an array that the frame does not hold');
    return array;
  }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, unpack(part, arrays)]));
}
