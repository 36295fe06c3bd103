import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameDecoder, type Message, WireArray } from './frame-codec.js';

const MESSAGE = {
  kind: 'call',
  id: 7,
  args: {
    weights: [['a.weight', new WireArray(Float32Array.of(1.5, -2, 3), [3, 1])]],
    tokens: Int32Array.of(1, -2, 2 ** 31 - 1),
    scored: Uint8Array.of(1, 0, 1),
    none: new WireArray(new Float32Array(0), [0, 4]),
    absent: undefined,
    nothing: null,
  },
};

/** What the other side reads. */
const ARRIVED = {
  kind: 'call',
  id: 7,
  args: {
    weights: [['a.weight', new WireArray(Float32Array.of(1.5, -2, 3), [3, 1])]],
    tokens: new WireArray(Int32Array.of(1, -2, 2 ** 31 - 1)),
    scored: new WireArray(Uint8Array.of(1, 0, 1)),
    none: new WireArray(new Float32Array(0), [0, 4]),
    nothing: null,
  },
};

function decodeAll(bytes: Uint8Array, pieceBytes: number): Message[] {
  const decoder = new FrameDecoder(2 ** 30);
  const messages: Message[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const message of decoder.push(bytes.subarray(at, at + pieceBytes))) messages.push(message);
  }
  return messages;
}

describe('frames of the control link', () => {
  it.each([1, 3, 12, 13, 100, 10_000])('arrive whole from pieces of %i bytes', (pieceBytes) => {
    const two = Buffer.concat([encodeFrame(MESSAGE), encodeFrame({ kind: 'heartbeat' }), encodeFrame(MESSAGE)]);
    expect(decodeAll(two, pieceBytes)).toEqual([ARRIVED, { kind: 'heartbeat' }, ARRIVED]);
  });

  it('have the layout that the protocol states', () => {
    const frame = encodeFrame({ a: Uint8Array.of(9), b: new WireArray(Float32Array.of(1), [1, 1]) });
    const headerBytes = frame.readUInt32LE(0);
    expect(JSON.parse(frame.toString('utf8', 12, 12 + headerBytes))).toEqual({
      a: { $array: 0 },
      b: { $array: 1 },
      arrays: [
        { dtype: 'uint8', shape: [1], offset: 0 },
        { dtype: 'float32', shape: [1, 1], offset: 8 },
      ],
    });
    expect(frame.readBigUInt64LE(4)).toBe(16n);
    expect(frame.length).toBe(12 + headerBytes + 16);
    expect(frame[12 + headerBytes]).toBe(9);
    expect(frame.readFloatLE(12 + headerBytes + 8)).toBe(1);
  });

  it('carry 32 MB of numbers, and keep no hold on those that were sent', () => {
    const data = Float32Array.from({ length: 2 ** 23 }, (_, i) => i / 3);
    const frame = encodeFrame({ data });
    const [first, last] = [data[1], data.at(-1)];
    data.fill(0);
    const [message] = decodeAll(frame, 65_536);
    const arrived = message!['data'] as WireArray;
    expect([arrived.data[1], arrived.data.at(-1)]).toEqual([first, last]);
  });

  it('are refused above the limit, before their memory is taken', () => {
    const decoder = new FrameDecoder(1000);
    const lengths = Buffer.alloc(12);
    lengths.writeBigUInt64LE(2n ** 50n, 4);
    expect(() => decoder.push(lengths)).toThrow('which is more than 1000');
  });

  it.each([
    ['no JSON', 'not JSON'],
    ['an array beyond the blob', '{"arrays":[{"dtype":"float32","shape":[8],"offset":0}]}'],
    ['a reference to no array', '{"a":{"$array":0},"arrays":[]}'],
  ])('are refused for %s', (_, header) => {
    const frame = Buffer.alloc(12 + header.length);
    frame.writeUInt32LE(header.length, 0);
    frame.write(header, 12);
    expect(() => new FrameDecoder(1000).push(frame)).toThrow('a frame that cannot be read');
  });
});
