import protobuf from 'protobufjs/minimal.js';

/**
 * Writes ONNX models (onnx.proto3 of ONNX 1.16: the field numbers below) with external weights. Only what the lowering
 * needs: nodes, small inline constants, references into one weight file, typed inputs and outputs.
 */
export type AttributeValue = number | { readonly float: number } | readonly number[] | OnnxWriter;

/** Where a tensor lies outside the model. */
export interface ExternalData {
  /** In the folder that the session is told. */
  readonly file: string;
  readonly byteOffset: number;
  readonly bytes: number;
  /** Other layouts of it in the same file, as onnxruntime notes them: `<operator>+<hash>|<offset>;<length>;<checksum>`. */
  readonly packs?: readonly string[];
}

const WIRE_VARINT = 0;
const WIRE_BYTES = 2;
const WIRE_FLOAT = 5;

export const ONNX_FLOAT = 1;
export const ONNX_INT32 = 6;
export const ONNX_INT64 = 7;
export const ONNX_BOOL = 9;

const IR_VERSION = 9;
const OPSET = 20;
const MICROSOFT = 'com.microsoft';

export class OnnxWriter {
  private readonly nodes: Uint8Array[] = [];
  private readonly initializers: Uint8Array[] = [];
  private readonly inputs: Uint8Array[] = [];
  private readonly outputs: Uint8Array[] = [];

  /** `microsoft` selects onnxruntime's own operators. */
  node(
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    options: { microsoft?: boolean } = {},
  ): void {
    const message = new Message();
    for (const input of inputs) message.text(1, input);
    for (const output of outputs) message.text(2, output);
    message.text(3, `${op}_${this.nodes.length}`).text(4, op);
    for (const [name, value] of Object.entries(attributes)) message.message(5, attribute(name, value));
    if (options.microsoft) message.text(7, MICROSOFT);
    this.nodes.push(message.finish());
  }

  /** Without a shape, one of any. */
  input(name: string, type: number, shape?: readonly (number | string)[]): void {
    this.inputs.push(valueInfo(name, tensorType(type, shape)));
  }

  /** Without a shape, one of any. */
  output(name: string, type: number, shape?: readonly (number | string)[]): void {
    this.outputs.push(valueInfo(name, tensorType(type, shape)));
  }

  /** A result that is a sequence of tensors. */
  outputSequence(name: string, type: number, shape: readonly (number | string)[]): void {
    const sequence = new Message().message(1, tensorType(type, shape)).finish();
    this.outputs.push(valueInfo(name, new Message().message(4, sequence).finish()));
  }

  floats(name: string, shape: readonly number[], values: Float32Array): void {
    this.inline(name, ONNX_FLOAT, shape, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }

  int64s(name: string, shape: readonly number[], values: readonly number[]): void {
    const data = BigInt64Array.from(values, BigInt);
    this.inline(name, ONNX_INT64, shape, new Uint8Array(data.buffer));
  }

  /** A float32 tensor that lies in a file beside the model and is mapped into memory. */
  external(name: string, shape: readonly number[], { file, byteOffset, bytes, packs = [] }: ExternalData): void {
    const message = new Message();
    for (const size of shape) message.integer(1, size);
    message.integer(2, ONNX_FLOAT).text(8, name);
    const entries = { location: file, offset: String(byteOffset), length: String(bytes) };
    const packed = packs.map((pack, i): [string, string] => [`prepacked_${i}`, pack]);
    for (const [key, value] of [...Object.entries(entries), ...packed]) {
      message.message(13, new Message().text(1, key).text(2, value).finish());
    }
    this.initializers.push(message.integer(14, 1).finish());
  }

  /** A whole model. */
  finish(): Uint8Array {
    const opset = (domain: string, version: number) => new Message().text(1, domain).integer(2, version).finish();
    return new Message()
      .integer(1, IR_VERSION)
      .message(7, this.graph())
      .message(8, opset('', OPSET))
      .message(8, opset(MICROSOFT, 1))
      .finish();
  }

  /** The graph alone, for an attribute of a node; it may use names of the graph around it. */
  graph(): Uint8Array {
    const graph = new Message();
    for (const node of this.nodes) graph.message(1, node);
    graph.text(2, 'thinker');
    for (const initializer of this.initializers) graph.message(5, initializer);
    for (const input of this.inputs) graph.message(11, input);
    for (const output of this.outputs) graph.message(12, output);
    return graph.finish();
  }

  private inline(name: string, type: number, shape: readonly number[], raw: Uint8Array): void {
    const message = new Message();
    for (const size of shape) message.integer(1, size);
    this.initializers.push(message.integer(2, type).text(8, name).message(9, raw).finish());
  }
}

/** One protobuf message being written, field by field. */
class Message {
  private readonly writer = protobuf.Writer.create();

  integer(field: number, value: number): this {
    this.writer.uint32((field << 3) | WIRE_VARINT).int64(value);
    return this;
  }

  float(field: number, value: number): this {
    this.writer.uint32((field << 3) | WIRE_FLOAT).float(value);
    return this;
  }

  text(field: number, value: string): this {
    this.writer.uint32((field << 3) | WIRE_BYTES).string(value);
    return this;
  }

  message(field: number, value: Uint8Array): this {
    this.writer.uint32((field << 3) | WIRE_BYTES).bytes(value);
    return this;
  }

  finish(): Uint8Array {
    return this.writer.finish();
  }
}

/** AttributeProto: the type tags are FLOAT = 1, INT = 2, GRAPH = 5, INTS = 7. */
function attribute(name: string, value: AttributeValue): Uint8Array {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2).finish();
  if (value instanceof OnnxWriter) return message.message(6, value.graph()).integer(20, 5).finish();
  if ('float' in value) return message.float(2, value.float).integer(20, 1).finish();
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7).finish();
}

function valueInfo(name: string, type: Uint8Array): Uint8Array {
  return new Message().text(1, name).message(2, type).finish();
}

/** TypeProto: tensor_type = 1, sequence_type = 4. */
function tensorType(type: number, shape?: readonly (number | string)[]): Uint8Array {
  if (!shape) return new Message().message(1, new Message().integer(1, type).finish()).finish();
  const dims = new Message();
  for (const size of shape) {
    const dim = typeof size === 'number' ? new Message().integer(1, size) : new Message().text(2, size);
    dims.message(1, dim.finish());
  }
  const tensor = new Message().integer(1, type).message(2, dims.finish());
  return new Message().message(1, tensor.finish()).finish();
}
