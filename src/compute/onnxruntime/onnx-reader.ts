import protobuf from 'protobufjs/minimal.js';

/**
 * Where the tensors of an ONNX model lie that it keeps in a file beside it: per tensor the entries of its `external_data`
 * (`location`, `offset`, `length` and others).
 */
export function externalInitializers(model: Uint8Array): Map<string, ReadonlyMap<string, string>> {
  const found = new Map<string, ReadonlyMap<string, string>>();
  for (const graph of fields(model, GRAPH)) {
    for (const initializer of fields(graph, INITIALIZER)) {
      const entries = fields(initializer, EXTERNAL_DATA).map((entry): [string, string] => [
        text(entry, KEY),
        text(entry, VALUE),
      ]);
      if (entries.length > 0) found.set(text(initializer, NAME), new Map(entries));
    }
  }
  return found;
}

/** Field numbers of onnx.proto3 (ONNX 1.16). */
const GRAPH = 7;
const INITIALIZER = 5;
const NAME = 8;
const EXTERNAL_DATA = 13;
const KEY = 1;
const VALUE = 2;

const WIRE_BYTES = 2;

/** The values of a field whose type is a message, a string or bytes. */
function fields(message: Uint8Array, field: number): Uint8Array[] {
  const reader = protobuf.Reader.create(message);
  const values: Uint8Array[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === ((field << 3) | WIRE_BYTES)) values.push(reader.bytes());
    else reader.skipType(tag & 7);
  }
  return values;
}

function text(message: Uint8Array, field: number): string {
  return Buffer.from(fields(message, field)[0] ?? []).toString('utf8');
}
