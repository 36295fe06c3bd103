import { beforeEach, describe, expect, it } from 'vitest';
import { type TargetModule, TARGET_MODULES } from '../../domain/adapter/lora-spec.js';
import { Executor } from '../executor.js';
import { FAKE_MODEL } from '../../../test/support/fake-backend/fake-backend.js';
import { type CompiledProgram, type Program } from '../graph/program.js';
import { ModelRuntime } from './model-runtime.js';

/** Compiles nothing, and remembers what it was asked for. */
class NotingExecutor extends Executor {
  readonly name = 'noting';
  readonly device = 'none';
  readonly threads = 1;
  readonly compiled: string[] = [];
  readonly released: string[] = [];
  failures = 0;

  async compile(label: string, program: Program): Promise<CompiledProgram> {
    await Promise.resolve();
    if (this.failures > 0) {
      this.failures--;
      throw new Error('no memory for the program');
    }
    const loras = [...program.inputs.keys()].flatMap((name) => /(\w+)\.lora_A/.exec(name)?.[1] ?? []);
    const name = [label, ...loras].join('.');
    this.compiled.push(name);
    return {
      program,
      run: () => Promise.resolve(new Map()),
      release: async () => void this.released.push(name),
    };
  }
  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

let executor: NotingExecutor;
let runtime: ModelRuntime;
beforeEach(() => {
  executor = new NotingExecutor();
  const weights = { path: 'none', tensors: new Map(), parameterCount: 0 };
  runtime = new ModelRuntime('fake', FAKE_MODEL.config, weights, executor);
});

const use = (...targets: TargetModule[]) => runtime.use('forward', { targets }, (program) => Promise.resolve(program));

describe('ModelRuntime', () => {
  it('compiles a program once for the same targets in any order, also when asked twice at once', async () => {
    const [a, b] = await Promise.all([use('q_proj', 'v_proj'), use('v_proj', 'q_proj')]);
    expect(await use('q_proj', 'v_proj')).toBe(a);
    expect(b).toBe(a);
    expect(executor.compiled).toEqual(['forward.q_proj.v_proj']);
  });

  it('tells apart kinds, targets and dropout', async () => {
    const targets = ['q_proj'] as const;
    for (const kind of ['fused', 'splitForward', 'splitBackward', 'generation'] as const) {
      await runtime.use(kind, { targets }, () => Promise.resolve());
    }
    const dropout = await runtime.use('fused', { targets, dropout: true }, (program) => Promise.resolve(program));
    expect(executor.compiled.map((name) => name.split('.')[0])).toEqual([
      'fused',
      'splitForward',
      'splitBackward',
      'generation',
      'fused',
    ]);
    expect([...dropout.program.inputs.keys()].some((name) => name.startsWith('dropout.'))).toBe(true);
  });

  it('keeps six programs and releases those that were not used for longest', async () => {
    const six = TARGET_MODULES.slice(0, 6);
    for (const target of six) await use(target);
    await use(six[0]!);
    expect(executor.released).toEqual([]);
    await use('down_proj');
    expect(executor.released).toEqual(['forward.k_proj']);
    await use('lm_head');
    expect(executor.released).toEqual(['forward.k_proj', 'forward.v_proj']);
    await use('k_proj');
    expect(executor.compiled.filter((name) => name === 'forward.k_proj')).toHaveLength(2);
  });

  it('does not release a program that is being used', async () => {
    let finish = () => {};
    const work = runtime.use('forward', { targets: ['q_proj'] }, () => new Promise<void>((done) => (finish = done)));
    for (const target of TARGET_MODULES.slice(1)) await use(target);
    expect(executor.released).not.toContain('forward.q_proj');
    finish();
    await work;
    await use('k_proj');
    expect(executor.released).toContain('forward.q_proj');
  });

  it('hands a failing compilation to who asked, and tries again the next time', async () => {
    executor.failures = 1;
    const both = await Promise.allSettled([use('q_proj'), use('q_proj')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await use('q_proj');
    expect(executor.compiled).toEqual(['forward.q_proj']);
  });

  it('a failing compilation does not trouble others, however full it is', async () => {
    const six = TARGET_MODULES.slice(0, 6);
    for (const target of six) await use(target);
    executor.failures = 1;
    const [failed, fine] = await Promise.allSettled([use('down_proj'), use(six[0]!)]);
    expect([failed.status, fine.status]).toEqual(['rejected', 'fulfilled']);
  });

  it('gives a program back when the work on it fails', async () => {
    const failing = runtime.use('forward', { targets: ['q_proj'] }, () => Promise.reject(new Error('broken run')));
    await expect(failing).rejects.toThrow('broken run');
    for (const target of TARGET_MODULES.slice(1)) await use(target);
    expect(executor.released).toContain('forward.q_proj');
  });

  it('releases everything at the end', async () => {
    await use('q_proj');
    await use();
    await runtime.release();
    expect(executor.released.sort()).toEqual([...executor.compiled].sort());
  });
});
