import { type TargetModule } from '../../domain/lora-spec.js';
import { type TransformerConfig } from '../../domain/transformer-config.js';
import { type Executor } from '../executor.js';
import { type CompiledProgram, type Program } from '../graph/program.js';
import { generationProgram } from '../models/generation-graph.js';
import { forwardProgram, trainingPrograms } from '../models/training-graph.js';
import { PositionTables } from './position-tables.js';
import { type WeightFile } from './weight-file.js';

/** The ways of running a model that are compiled apart. */
export type ProgramKind = 'forward' | 'fused' | 'splitForward' | 'splitBackward' | 'generation';

/**
 * Compiled programs kept per base model. Each keeps a packed copy of the weights in memory, so those not used for
 * longest make room for others.
 */
const KEPT_PROGRAMS = 6;

/** One base model, ready to run: its weights, the programs compiled so far and what they are fed besides tokens. */
export class ModelRuntime {
  readonly tables: PositionTables;
  private readonly programs = new Map<string, Promise<CompiledProgram>>();

  constructor(
    readonly name: string,
    readonly config: TransformerConfig,
    readonly weights: WeightFile,
    private readonly executor: Executor,
  ) {
    this.tables = new PositionTables(config);
  }

  /** The program for adapters with these targets, compiled on first use. */
  async program(kind: ProgramKind, targets: readonly TargetModule[], dropout = false): Promise<CompiledProgram> {
    const sorted = [...targets].sort((a, b) => a.localeCompare(b));
    const key = [kind, ...sorted, ...(dropout ? ['dropout'] : [])].join('.');
    let compiled = this.programs.get(key);
    this.programs.delete(key);
    compiled ??= this.executor.compile(kind, this.record(kind, new Set(sorted), dropout), this.weights);
    this.programs.set(key, compiled);
    compiled.catch(() => this.programs.delete(key));
    await this.makeRoom();
    return compiled;
  }

  async release(): Promise<void> {
    for (const program of this.programs.values()) await (await program).release();
    this.programs.clear();
  }

  private record(kind: ProgramKind, targets: ReadonlySet<TargetModule>, dropout: boolean): Program {
    if (kind === 'generation') return generationProgram(this.config, targets);
    if (kind === 'forward') return forwardProgram(this.config, targets);
    return trainingPrograms({ config: this.config, targets, dropout })[kind];
  }

  /** Programs sit in the map in the order of their last use. */
  private async makeRoom(): Promise<void> {
    for (const [key, program] of this.programs) {
      if (this.programs.size <= KEPT_PROGRAMS) return;
      this.programs.delete(key);
      await (await program).release();
    }
  }
}
