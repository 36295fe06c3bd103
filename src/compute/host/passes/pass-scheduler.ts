import { type FusedTerms } from '../../../domain/loss.js';
import { type ForwardResult } from '../../compute-backend.js';
import { PassLine } from './pass-line.js';
import { type PassRequest } from './pass-request.js';
import { type PassEngine, type PassKind, TrainingPass } from './training-pass.js';
import { type WorkMeter } from '../work-meter.js';

/** What passes have done since the start. */
export interface PassCounts {
  readonly passes: number;
  /** Requests that went through them. */
  readonly requests: number;
}

/**
 * Makes passes over the base models, one at a time, since a pass holds much memory. Requests that wait while one runs go
 * into the next together, as far as an engine that batches has use for their tokens; one that comes to an idle engine does
 * not wait for others.
 *
 * A request takes the same way through the engine in any company: those with fused slopes, those without, and those that
 * only go forward are not mixed. Of one adapter at most one request of a pass gives gradients, for the next one counts as
 * the adapter's next pass.
 */
export class PassScheduler {
  private readonly line: PassLine;
  private working: Promise<void> | null = null;
  private counted = { passes: 0, requests: 0 };
  /** Of the policies of losses: does the engine know their slopes by a formula? */
  private readonly formulas = new Map<FusedTerms['policy'], boolean>();

  constructor(
    private readonly on: PassEngine,
    private readonly meter: WorkMeter,
  ) {
    this.line = new PassLine(on.turns.shares);
  }

  get counts(): PassCounts {
    return this.counted;
  }

  submit(request: PassRequest): Promise<ForwardResult> {
    const leave = this.on.turns.shares.enter('training', request.options);
    this.line.add(request);
    this.working ??= this.work();
    request.result.then(leave, leave);
    return request.result;
  }

  /** Resolves when every request so far is settled. */
  async idle(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    // Calls that came at the same moment are still being read from the link.
    await new Promise((resolve) => setImmediate(resolve));
    for (let next = this.next(); next.length > 0; next = this.next()) await this.measuredPass(next);
    this.working = null;
  }

  private next(): PassRequest[] {
    const { batching, passTokens } = this.on.engine.capabilities;
    return this.line.take(passTokens, (request, others) => batching !== 'off' && this.goTogether(request, others));
  }

  private goTogether(request: PassRequest, others: readonly PassRequest[]): boolean {
    const [first] = others;
    return (
      request.options.baseModel === first!.options.baseModel &&
      this.company(request) === this.company(first!) &&
      !others.some((other) => request.item.train && nameOf(other) === nameOf(request))
    );
  }

  /** Requests for which this is equal may share a pass. A formula is first tried among its like. */
  private company(request: PassRequest): string {
    const policy = request.terms?.policy;
    const isTried = policy === undefined || this.formulas.has(policy);
    return isTried ? this.kindOf(request) : `fused ${policy}`;
  }

  private kindOf({ item, terms }: PassRequest): PassKind {
    if (!item.train) return 'forward';
    return terms && this.formulas.get(terms.policy) !== false ? 'fused' : 'split';
  }

  private measuredPass(requests: readonly PassRequest[]): Promise<void> {
    const tokens = requests.reduce((sum, request) => sum + request.tokens, 0);
    return this.meter.pass(new Set(requests.map(nameOf)).size, tokens, () => this.pass(requests));
  }

  private async pass(requests: readonly PassRequest[]): Promise<void> {
    this.counted = { passes: this.counted.passes + 1, requests: this.counted.requests + requests.length };
    const kind = this.kindOf(requests[0]!);
    try {
      const isKnown = await new TrainingPass(this.on, requests).run(kind);
      if (kind === 'fused') for (const { terms } of requests) this.formulas.set(terms!.policy, isKnown);
    } catch (error) {
      await this.afterFailure(requests, error);
    }
  }

  /** The engine has failed, which in company says nothing of any one request: those left open go again, each alone. */
  private async afterFailure(requests: readonly PassRequest[], error: unknown): Promise<void> {
    for (const request of requests) {
      if (requests.length === 1) request.fail(error);
      else if (request.isOpen) await this.pass([request]);
    }
  }
}

/** The weights that a request runs with. */
function nameOf({ item: { weights } }: PassRequest): string {
  return weights.kind === 'base' ? weights.baseModel : weights.id;
}
