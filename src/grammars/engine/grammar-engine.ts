import { Worker } from 'node:worker_threads';
import { GrammarError, GrammarFailedError } from '../grammar.errors.js';
import { type Vocabulary } from '../vocabulary.js';

/** What is to be sampled by a grammar. */
export interface GrammarRequest {
  /** A grammar in XGrammar's EBNF, whose first rule is `root`. */
  readonly ebnf: string;
  /** Names the vocabulary, which is only asked for when it is needed. */
  readonly vocabularyKey: string;
  readonly vocabulary: () => Vocabulary;
  /** How many logits a row has. */
  readonly vocabSize: number;
  /** Allowed where the grammar may end, and nowhere else. */
  readonly stopTokens: readonly number[];
  /** Continuations that begin alike. */
  readonly count: number;
}

/** What the thread is asked for, and what it answers. */
interface Jobs {
  readonly check: { readonly input: { readonly ebnf: string }; readonly result: null };
  readonly put: {
    readonly input: Vocabulary & { readonly key: string; readonly size: number };
    readonly result: null;
  };
  readonly open: {
    readonly input: {
      readonly key: string;
      readonly ebnf: string;
      readonly stopTokens: readonly number[];
      readonly count: number;
    };
    readonly result: { readonly ids: readonly number[]; readonly mask: Int32Array };
  };
  readonly accept: { readonly input: { readonly id: number; readonly token: number }; readonly result: Accepted };
  readonly close: { readonly input: { readonly ids: readonly number[] }; readonly result: null };
}

/** Without a mask, no token may come any more. */
interface Accepted {
  readonly mask?: Int32Array;
  readonly ended: boolean;
}

interface Waiter {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

const CHECK_MS = 10_000;
/** A vocabulary of 150,000 tokens takes half a second, most grammars for it another half. */
const OPEN_MS = 120_000;
const STEP_MS = 30_000;

/** A continuation that follows a grammar. */
export class GrammarState {
  /** Whether the last token waits for a grammar that is being compiled. */
  isHeldUp = false;
  private step: Promise<void> = Promise.resolve();

  constructor(
    private readonly engine: GrammarEngine,
    private readonly id: number,
    /** Bit by bit, the tokens that may come next. */
    public mask: Int32Array,
    public ended = false,
  ) {}

  /** Tells which token came; settled() says when the mask is that of the next one. */
  accept(token: number): void {
    this.isHeldUp = this.engine.isCompiling;
    const accepted = this.engine.accept(this.id, token);
    this.step = accepted.then(({ mask, ended }) => {
      this.isHeldUp = false;
      this.ended = ended;
      if (mask) this.mask = mask;
    });
    // Whoever waits for it hears of an error.
    this.step.catch(() => undefined);
  }

  settled(): Promise<void> {
    return this.step;
  }

  close(): void {
    this.engine.close([this.id]);
  }
}

/**
 * Grammars, in a thread: compiling does not hold up anybody, a grammar that does not come to an end is stopped, and what the
 * library does to its memory stays there. The thread starts with the first job and does not keep the process alive.
 */
export class GrammarEngine {
  private thread: Worker | null = null;
  private readonly waiting = new Map<number, Waiter>();
  private readonly known = new Set<string>();
  private nextJob = 1;
  private compiling = 0;

  /** Whether the next job comes after one that takes long. */
  get isCompiling(): boolean {
    return this.compiling > 0;
  }

  /** @throws GrammarError that says why a grammar cannot be followed */
  async check(ebnf: string): Promise<void> {
    for (;;) {
      try {
        await this.compile('check', { ebnf }, CHECK_MS);
        return;
      } catch (error) {
        // Another one took too long, and the thread ended with all that waited.
        if (!(error instanceof GrammarThreadEndedError)) throw error;
      }
    }
  }

  /** @throws GrammarFailedError */
  async open({
    ebnf,
    vocabularyKey: key,
    vocabulary,
    vocabSize,
    stopTokens,
    count,
  }: GrammarRequest): Promise<GrammarState[]> {
    try {
      if (!this.known.has(key)) await this.compile('put', { key, ...vocabulary(), size: vocabSize }, OPEN_MS);
      this.known.add(key);
      const { ids, mask } = await this.compile('open', { key, ebnf, stopTokens: [...stopTokens], count }, OPEN_MS);
      return ids.map((id) => new GrammarState(this, id, mask));
    } catch (error) {
      throw new GrammarFailedError(reasonOf(error), { cause: error });
    }
  }

  async accept(id: number, token: number): Promise<Accepted> {
    try {
      return await this.ask('accept', { id, token }, STEP_MS);
    } catch (error) {
      throw new GrammarFailedError(reasonOf(error), { cause: error });
    }
  }

  close(ids: readonly number[]): void {
    // A thread that is gone has nothing open.
    if (this.thread) this.ask('close', { ids: [...ids] }, STEP_MS).catch(() => undefined);
  }

  private async compile<Name extends keyof Jobs>(
    name: Name,
    input: Jobs[Name]['input'],
    timeoutMs: number,
  ): Promise<Jobs[Name]['result']> {
    this.compiling++;
    try {
      return await this.ask(name, input, timeoutMs);
    } finally {
      this.compiling--;
    }
  }

  private async ask<Name extends keyof Jobs>(
    name: Name,
    input: Jobs[Name]['input'],
    timeoutMs: number,
  ): Promise<Jobs[Name]['result']> {
    const thread = (this.thread ??= this.start());
    const job = this.nextJob++;
    const timer = setTimeout(() => this.drop(), timeoutMs);
    thread.ref();
    try {
      return await new Promise<Jobs[Name]['result']>((resolve, reject) => {
        this.waiting.set(job, { resolve: resolve as (result: unknown) => void, reject });
        thread.postMessage({ job, name, input });
      });
    } finally {
      clearTimeout(timer);
      this.waiting.delete(job);
      if (this.waiting.size === 0) thread.unref();
    }
  }

  private start(): Worker {
    const thread = new Worker(new URL('./grammar-thread.mjs', import.meta.url));
    thread.on('message', ({ job, result, error }: { job: number; result?: unknown; error?: string }) => {
      const waiter = this.waiting.get(job);
      if (error === undefined) waiter?.resolve(result);
      else waiter?.reject(new GrammarError(error));
    });
    const ended = (error: Error) => {
      if (this.thread === thread) this.forget(new GrammarFailedError(error.message, { cause: error }));
    };
    thread.on('error', ended);
    thread.on('exit', (code) => ended(new Error(`The grammar thread exited with code ${code}.`)));
    return thread;
  }

  /** Jobs come one after another, so it is the oldest that does not come to an end. The next job gets a new thread. */
  private drop(): void {
    const { thread } = this;
    const [oldest] = this.waiting.values();
    oldest?.reject(new GrammarError('It takes too long to follow.'));
    this.forget(new GrammarThreadEndedError('Another grammar took too long.'));
    void thread?.terminate();
  }

  private forget(error: Error): void {
    this.thread = null;
    this.known.clear();
    for (const { reject } of this.waiting.values()) reject(error);
  }
}

class GrammarThreadEndedError extends Error {}

let shared: GrammarEngine | null = null;

/** That of this process or thread. It never keeps it alive, so nobody has to stop it. */
export function sharedGrammars(): GrammarEngine {
  shared ??= new GrammarEngine();
  return shared;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
