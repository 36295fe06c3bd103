import { type ModelEngine, type OpenPass, type PassRun } from '../../model-engine.js';
import { type EngineTurns } from '../engine-turns.js';
import { type TokenShare } from '../fair-shares.js';
import { type PassRequest } from './pass-request.js';

/**
 * How the requests of a pass go through the engine: forward only; forward and backward at once, with slopes that the
 * engine computes by their formula; or as two calls, with the losses in between.
 */
export type PassKind = 'forward' | 'fused' | 'split';

interface Part {
  readonly request: PassRequest;
  readonly datums: readonly number[];
  /** Scored positions of the datums. */
  readonly positions: readonly number[];
}

interface Run {
  readonly index: number;
  readonly parts: readonly Part[];
}

/** An engine, and the turns that its calls take. */
export interface PassEngine {
  readonly engine: ModelEngine;
  readonly turns: EngineTurns;
}

/**
 * One pass of some requests through an engine: the order of its runs, and the losses in between. A request is settled as
 * soon as its last run is done; one that fails or is given up leaves the numbers of the others as they are, since each
 * part of a run is computed by itself.
 */
export class TrainingPass {
  private id = -1;
  private runs: readonly Run[] = [];
  /** Parts that a request has in the runs. */
  private readonly partCounts = new Map<PassRequest, number>();
  /** The same, of those that are still to be made. */
  private readonly partsLeft = new Map<PassRequest, number>();

  constructor(
    private readonly on: PassEngine,
    private readonly requests: readonly PassRequest[],
  ) {}

  /**
   * Settles every request. @throws whatever the engine does; requests may then be left open
   * @returns false when the engine does not know the formula of 'fused'; it was then made as 'split'
   */
  async run(kind: PassKind): Promise<boolean> {
    const pass = await this.on.engine.openPass(this.requests.map(({ item }) => item));
    try {
      this.take(pass);
      await this.finishDone(this.requests);
      if (kind === 'forward') await this.runForwards();
      const isKnown = kind !== 'fused' || (await this.runFused());
      if (kind === 'split' || !isKnown) await this.runSplit();
      return isKnown;
    } finally {
      await this.on.engine.closePass(pass.id);
    }
  }

  private take(pass: OpenPass): void {
    this.id = pass.id;
    this.runs = pass.runs.map((run, index) => ({ index, parts: this.partsOf(run) }));
    for (const request of this.requests) this.partCounts.set(request, 0);
    for (const { request } of this.runs.flatMap(({ parts }) => parts)) {
      this.partCounts.set(request, this.partCounts.get(request)! + 1);
    }
    for (const [request, count] of this.partCounts) this.partsLeft.set(request, count);
    for (const { item, error } of pass.refused) this.requests[item]!.fail(error);
  }

  private partsOf({ parts }: PassRun): Part[] {
    return parts.map(({ item, datums }) => {
      const request = this.requests[item]!;
      return { request, datums, positions: request.positionsOf(datums) };
    });
  }

  private async runForwards(): Promise<void> {
    for (const run of this.runs) {
      if (!isWanted(run)) continue;
      await this.forward(run);
      await this.finishRun(run);
    }
  }

  /** Log-probs and gradients in one go. @returns false when the engine does not know how */
  private async runFused(): Promise<boolean> {
    for (const run of this.runs) {
      if (!isWanted(run)) continue;
      const slopes = run.parts.map(({ request, positions }) => request.formulaSlopes(positions));
      const logprobs = await this.inTurn(run, (engine) => engine.fused(this.id, run.index, slopes));
      if (!logprobs) return false;
      put(run, logprobs);
      await this.finishRun(run);
    }
    return true;
  }

  /**
   * Forward, losses, backward, run by run. Where a loss relates datums that are in several runs, the log-probs of those
   * that follow come first, and their forward is made again right before their backward, instead of keeping all saved
   * tensors. Either way a request's runs go backward in their order, so that its gradients are added up in the same order
   * in any company.
   */
  private async runSplit(): Promise<void> {
    const read = new Set<Run>();
    for (const run of this.runs) {
      if (!isWanted(run)) continue;
      for (const other of this.relatedAfter(run)) {
        if (!read.has(other)) await this.forward(other);
        read.add(other);
      }
      await this.forward(run);
      await this.backward(run);
      await this.finishRun(run);
    }
  }

  /** The runs after this one in which are parts of requests whose loss relates them to parts in this one. */
  private relatedAfter(run: Run): readonly Run[] {
    const related = new Set(run.parts.map(({ request }) => request).filter((request) => this.relatesParts(request)));
    return this.runs.slice(run.index + 1).filter(({ parts }) => parts.some(({ request }) => related.has(request)));
  }

  /** Does anybody wait for it whose loss relates datums of several parts? */
  private relatesParts(request: PassRequest): boolean {
    return request.isOpen && request.relatesDatums && this.partCounts.get(request)! > 1;
  }

  private async forward(run: Run): Promise<void> {
    put(run, await this.inTurn(run, (engine) => engine.forward(this.id, run.index)));
  }

  private async backward(run: Run): Promise<void> {
    const slopes = run.parts.map(({ request, datums, positions }) => {
      const alone = !request.relatesDatums && this.partCounts.get(request)! > 1;
      return request.slopes(datums, positions, alone);
    });
    if (isWanted(run)) await this.inTurn(run, (engine) => engine.backward(this.id, run.index, slopes));
  }

  /** Makes a call for a run when it is its turn; the owners in the run are charged with it. */
  private inTurn<T>(run: Run, call: (engine: ModelEngine) => Promise<T>): Promise<T> {
    const { engine, turns } = this.on;
    return turns.training(
      () => call(engine),
      () => billOf(run),
    );
  }

  /** A run has been made: settles the requests of which it was the last one. */
  private async finishRun({ parts }: Run): Promise<void> {
    for (const { request } of parts) this.partsLeft.set(request, this.partsLeft.get(request)! - 1);
    await this.finishDone(new Set(parts.map(({ request }) => request)));
  }

  private async finishDone(requests: Iterable<PassRequest>): Promise<void> {
    for (const request of requests) {
      if (this.partsLeft.get(request)! > 0) continue;
      const item = this.requests.indexOf(request);
      await request.finish(async () => {
        if (request.item.train) await this.on.engine.keepGradients(this.id, item);
      });
    }
  }
}

/** Does anybody still wait for what the run computes? */
function isWanted({ parts }: Run): boolean {
  return parts.some(({ request }) => request.isOpen);
}

/** Tokens of each request in the run. */
function billOf({ parts }: Run): TokenShare[] {
  return parts.map(({ request, datums }) => ({ owner: request.options.owner, tokens: request.tokensOf(datums) }));
}

function put({ parts }: Run, logprobs: readonly Float32Array[]): void {
  for (const [i, { request, positions }] of parts.entries()) request.put(logprobs[i]!, positions);
}
