import { basename, dirname } from 'node:path';
import * as ort from 'onnxruntime-node';
import { DeviceUnavailableError } from '../device-unavailable.error.js';
import { Executor } from '../executor.js';
import { factorsOf } from '../graph/dim.js';
import { type CompiledProgram, type HostTensor, type Program } from '../graph/program.js';
import { type WeightFile } from '../weight-file.js';
import { lowerProgram, SEQUENCE_OUTPUT, symbolInput } from './lowering.js';
import { ONNX_FLOAT, OnnxWriter } from './onnx-writer.js';
import { type PackedWeights, preparePackedWeights } from './packed-weights.js';

export interface OnnxRuntimeOptions {
  readonly device: 'cpu' | 'webgpu' | 'cuda';
  readonly threads: number;
  /**
   * Multiplies by weights in the layout that is fastest (default), which lies in a file that all programs map. Without,
   * weights are read as they are: a third less memory, and 1.1 times (512 tokens) to 1.4 times (46 tokens) the time of a
   * step.
   */
  readonly packWeights?: boolean;
}

/**
 * Runs programs natively with onnxruntime-node. `session.run` blocks the thread that calls it, so this executor lives in
 * the engine's own thread. Models are handed over in memory, so that a program compiles on a full or read-only disk;
 * only the weights are a file, which every session maps.
 */
export class OnnxRuntimeExecutor extends Executor {
  readonly name = 'onnxruntime';
  readonly device: string;
  readonly threads: number;
  private readonly programs = new Set<OnnxProgram>();
  /** By the path of the weights. */
  private readonly packed = new Map<string, PackedWeights>();

  constructor(private readonly options: OnnxRuntimeOptions) {
    super();
    this.device = options.device;
    this.threads = options.threads;
  }

  /** Computes something on the device, which is only asked for until then. @throws DeviceUnavailableError */
  async probe(): Promise<void> {
    const writer = new OnnxWriter();
    writer.input('x', ONNX_FLOAT, [1]);
    writer.node('Neg', ['x'], ['y']);
    writer.output('y', ONNX_FLOAT, [1]);
    try {
      const session = await ort.InferenceSession.create(writer.finish(), this.sessionOptions());
      await session.run({ x: new ort.Tensor('float32', Float32Array.of(1), [1]) });
      await session.release();
    } catch (error) {
      throw new DeviceUnavailableError(this.device, error);
    }
  }

  /** Where the disk has no room for packed weights, each program packs its own. */
  override async prepare(weights: WeightFile, factors: readonly string[]): Promise<void> {
    if (!(this.options.packWeights ?? true) || this.device !== 'cpu') return;
    const packed = await preparePackedWeights(weights, factors).catch(() => null);
    if (packed) this.packed.set(weights.path, packed);
  }

  async compile(_label: string, program: Program, weights: WeightFile): Promise<CompiledProgram> {
    const packed = this.packed.get(weights.path);
    const { session, symbolInputs } = await this.load(program, weights, packed).catch((error: unknown) => {
      // Somebody may have cleared the cache.
      if (packed === undefined) throw error;
      return this.load(program, weights, undefined);
    });
    const compiled = new OnnxProgram(program, session, symbolInputs, () => this.programs.delete(compiled));
    this.programs.add(compiled);
    return compiled;
  }

  private async load(program: Program, weights: WeightFile, packed: PackedWeights | undefined) {
    const { model, symbolInputs } = lowerProgram(program, (name, use) => {
      const tensor = weights.tensors.get(name);
      if (!tensor) throw new Error(`The weight file has no tensor '${name}'.`);
      const found = use === 'factor' ? packed?.tensors.get(name) : undefined;
      return found
        ? { ...found, file: basename(packed!.path), shape: tensor.shape }
        : { ...tensor, file: basename(weights.path) };
    });
    const session = await ort.InferenceSession.create(model, this.sessionOptions(dirname(weights.path)));
    return { session, symbolInputs };
  }

  async dispose(): Promise<void> {
    for (const program of [...this.programs]) await program.release();
  }

  /** `weightFolder`: where the model's external data lies, if it has any. */
  private sessionOptions(weightFolder?: string): ort.InferenceSession.SessionOptions {
    return {
      executionProviders: [this.options.device],
      intraOpNumThreads: this.options.threads,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Reserving one block for a whole run saves nothing with changing sizes and holds 0.8 GB more.
      enableMemPattern: false,
      logSeverityLevel: 3,
      // Threads of an idle session must not spin against those of the running one.
      extra: {
        session: {
          force_spinning_stop: '1',
          disable_prepacking: (this.options.packWeights ?? true) ? '0' : '1',
          ...(weightFolder === undefined ? {} : { model_external_initializers_file_folder_path: weightFolder }),
        },
      },
    };
  }
}

type Results = ReadonlyMap<string, HostTensor<Float32Array>>;

class OnnxProgram implements CompiledProgram {
  private readonly feedTypes: ReadonlyMap<string, ort.Tensor.Type>;

  constructor(
    readonly program: Program,
    private readonly session: ort.InferenceSession,
    private readonly symbolInputs: readonly string[],
    private readonly released: () => void,
  ) {
    const types = { f32: 'float32', i32: 'int32', i64: 'int64' } as const;
    this.feedTypes = new Map([...program.inputs].map(([name, tensor]) => [name, types[tensor.dtype]]));
  }

  async run(feeds: ReadonlyMap<string, HostTensor>, into?: Results): Promise<Results> {
    const inputs: Record<string, ort.Tensor> = {};
    for (const [name, type] of this.feedTypes) inputs[name] = toOrt(type, feeds.get(name), name);
    for (const symbol of this.symbolInputs) inputs[symbolInput(symbol)] = this.symbolValue(symbol, feeds);
    if (into) return this.runInto(inputs, into);
    const results = await this.session.run(inputs, [...this.program.outputs.keys()]);
    return new Map(
      Object.entries(results).map(([name, { dims, data }]) => [
        name,
        { dtype: 'f32', shape: dims, data: data as Float32Array },
      ]),
    );
  }

  /**
   * onnxruntime-node writes results into the tensors that it is given, but then copies each once more into a new array
   * (1.30, js/node/src/tensor_helper.cc): for the tensors between a forward and its backward that takes 7 % of a step.
   * It does so in the order of the results and ends with an error at one that it has no array for. We let the first be
   * such a one; by then all are written. A release that converts sequences or copies nothing works just as well.
   */
  private async runInto(inputs: Record<string, ort.Tensor>, into: Results): Promise<Results> {
    const fetches: Record<string, ort.Tensor | null> = { [SEQUENCE_OUTPUT]: null };
    for (const name of this.program.outputs.keys()) fetches[name] = toOrt('float32', into.get(name), name);
    try {
      await this.session.run(inputs, fetches);
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith(NO_ARRAY_FOR_SEQUENCES))) throw error;
    }
    return into;
  }

  async release(): Promise<void> {
    this.released();
    await this.session.release();
  }

  /** Reads a symbol's value off the shape of an input that has it as an axis of its own. */
  private symbolValue(symbol: string, feeds: ReadonlyMap<string, HostTensor>): ort.Tensor {
    for (const [name, tensor] of this.program.inputs) {
      const axis = tensor.shape.findIndex((dim) => dim === symbol);
      if (axis >= 0) return new ort.Tensor('int64', BigInt64Array.of(BigInt(feeds.get(name)!.shape[axis]!)), [1]);
    }
    throw new Error(`No input has an axis of size '${factorsOf(symbol).symbols.join()}'.`);
  }
}

/** How onnxruntime-node says that it cannot give a sequence to JavaScript. */
const NO_ARRAY_FOR_SEQUENCES = 'Non tensor type is temporarily not supported';

function toOrt(type: ort.Tensor.Type, tensor: HostTensor | undefined, name: string): ort.Tensor {
  if (!tensor) throw new Error(`Input '${name}' is not fed.`);
  return new ort.Tensor(type, tensor.data, tensor.shape);
}
