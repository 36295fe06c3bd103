import { Executor } from '../executor.js';
import { type CompiledProgram, type Program } from '../graph/program.js';
import { type WeightFile } from '../weight-file.js';
import { type LoadedTensorflow } from './load-tensorflow.js';
import { planProgram } from './program-plan.js';
import { TensorflowProgram } from './tensorflow-program.js';
import { WeightTensors } from './weight-tensors.js';

/**
 * Runs programs with TensorFlow.js, operation by operation. Its calls block the thread, so this executor lives in the
 * engine's own thread. It owns the weights and constants of its programs; dispose() leaves no tensor behind.
 */
export class TensorflowExecutor extends Executor {
  readonly name = 'tensorflow';
  readonly device: string;
  /** How its library shares out products is not known. */
  readonly threads = 1;
  private readonly weights: WeightTensors;
  private readonly programs = new Set<TensorflowProgram>();

  constructor(private readonly loaded: LoadedTensorflow) {
    super();
    this.device = loaded.device;
    this.weights = new WeightTensors(loaded.tf);
  }

  async compile(label: string, program: Program, file: WeightFile): Promise<CompiledProgram> {
    const plan = planProgram(program);
    const weights = this.weights.acquire(file, new Map([...plan.weights].map(([name, { shape }]) => [name, shape])));
    const compiled = new TensorflowProgram(this.loaded.tf, label, program, plan, weights, () => {
      this.weights.release(file, weights.keys());
      this.programs.delete(compiled);
    });
    this.programs.add(compiled);
    return compiled;
  }

  async dispose(): Promise<void> {
    for (const program of [...this.programs]) await program.release();
  }
}
