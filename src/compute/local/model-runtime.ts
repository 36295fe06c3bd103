import { isMixed, type LoraSpec, type TargetModule } from '../../domain/adapter/lora-spec.js';
import { type TransformerConfig } from '../../domain/model/transformer-config.js';
import { type Executor } from '../executor.js';
import { type CompiledProgram, type Program } from '../graph/program.js';
import { generationProgram } from '../models/generation-graph.js';
import { type AttentionKind, forwardProgram, trainingPrograms } from '../models/training-graph.js';
import { PositionTables } from './position-tables.js';
import { type WeightFile } from '../weight-file.js';

/** The ways of running a model that are compiled apart. */
export type ProgramKind = 'forward' | 'fused' | 'splitForward' | 'splitBackward' | 'generation';

/**
 * Compiled programs kept per base model. Each keeps the memory of its largest run, so those not used for longest
 * make room for others.
 */
const KEPT_PROGRAMS = 6;

/** What adapters share a program. */
export interface ProgramVariant {
  readonly targets: readonly TargetModule[];
  readonly dropout?: boolean;
  /** Modules of the targeted kinds that carry no LoRA. */
  readonly excluded?: readonly string[];
  /** Ranks or scales differ from module to module. */
  readonly mixed?: boolean;
  /** See training-graph.ts; both depend on the sequences. */
  readonly attention?: AttentionKind;
  readonly recompute?: boolean;
  /** Several adapters run together. */
  readonly slots?: boolean;
}

/** The program that an adapter needs; for the bare base model, null. */
export function variantOf(lora: LoraSpec | null): ProgramVariant {
  if (lora === null) return { targets: [] };
  return { targets: lora.targetModules, excluded: lora.excludedModules, mixed: isMixed(lora) };
}

interface KeptProgram {
  readonly compiled: Promise<CompiledProgram>;
  users: number;
}

/** One base model, ready to run: its weights, the programs compiled so far and what they are fed besides tokens. */
export class ModelRuntime {
  readonly tables: PositionTables;
  private readonly programs = new Map<string, KeptProgram>();

  constructor(
    readonly name: string,
    readonly config: TransformerConfig,
    readonly weights: WeightFile,
    private readonly executor: Executor,
  ) {
    this.tables = new PositionTables(config);
  }

  /** See Executor. */
  get threads(): number {
    return this.executor.threads;
  }

  /**
   * Calls `work` with the program for adapters with these targets, compiled on first use. It is not released before
   * `work` is done.
   */
  async use<T>(kind: ProgramKind, variant: ProgramVariant, work: (program: CompiledProgram) => Promise<T>): Promise<T> {
    const kept = this.kept(kind, variant);
    kept.users++;
    try {
      const program = await kept.compiled;
      await this.makeRoom();
      return await work(program);
    } finally {
      kept.users--;
    }
  }

  async release(): Promise<void> {
    for (const { compiled } of this.programs.values()) await (await compiled).release();
    this.programs.clear();
  }

  /** Moves the program to the end of the map, which is in the order of use. */
  private kept(kind: ProgramKind, variant: ProgramVariant): KeptProgram {
    const key = keyOf(kind, variant);
    let kept = this.programs.get(key);
    this.programs.delete(key);
    if (!kept) {
      const compiled = this.executor.compile(kind, this.record(kind, variant), this.weights);
      kept = { compiled, users: 0 };
      // One that fails is tried again when it is next asked for.
      compiled.catch(() => this.programs.delete(key));
    }
    this.programs.set(key, kept);
    return kept;
  }

  private record(
    kind: ProgramKind,
    { dropout = false, recompute, attention, mixed, slots, ...variant }: ProgramVariant,
  ): Program {
    const targets = new Set(inOrder(variant.targets));
    const variation = { mixed, slots, excluded: new Set(variant.excluded) };
    if (kind === 'generation') return generationProgram(this.config, targets, variation);
    if (kind === 'forward') return forwardProgram({ ...variation, config: this.config, targets, attention });
    return trainingPrograms({ ...variation, config: this.config, targets, attention, recompute, dropout })[kind];
  }

  /** Releases programs that nobody uses, those first that were not used for longest. */
  private async makeRoom(): Promise<void> {
    for (const [key, { compiled, users }] of this.programs) {
      if (this.programs.size <= KEPT_PROGRAMS) return;
      if (users > 0) continue;
      this.programs.delete(key);
      await (await compiled).release();
    }
  }
}

function inOrder<T extends string>(names: readonly T[]): T[] {
  return [...names].sort((a, b) => a.localeCompare(b));
}

function keyOf(kind: ProgramKind, variant: ProgramVariant): string {
  const { targets, excluded = [], attention = 'whole' } = variant;
  const flags = (['dropout', 'mixed', 'slots', 'recompute'] as const).filter((flag) => variant[flag]);
  return [kind, attention, ...inOrder(targets), ...flags, ...inOrder(excluded)].join('.');
}
