import { type CompiledProgram, type Program } from './graph/program.js';
import { type WeightFile } from './weight-file.js';

/** Runs programs on a device. The graphs are the same for every executor; only how they run differs. */
export abstract class Executor {
  /** 'onnxruntime' or 'tensorflow'. */
  abstract readonly name: string;
  /** What the programs run on, as found, not as asked for: 'cpu', 'cuda', 'webgpu'. */
  abstract readonly device: string;
  /** Threads that may share out one product. */
  abstract readonly threads: number;
  /**
   * Makes a base model's weights ready for programs, before the first is compiled.
   * @param _factors names of the weights that rows are multiplied by
   */
  async prepare(_weights: WeightFile, _factors: readonly string[]): Promise<void> {
    // Most executors have nothing to prepare.
  }
  /** Makes a program over a base model's weights ready to run; `label` names it in logs and files. */
  abstract compile(label: string, program: Program, weights: WeightFile): Promise<CompiledProgram>;
  abstract dispose(): Promise<void>;
}
