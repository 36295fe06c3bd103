import { Injectable } from '@nestjs/common';
import { type GenerateRequest } from '../../compute/compute-backend.js';
import { invalid } from '../../common/json/json-fields.js';
import { sharedGrammars } from '../../grammars/engine/grammar-engine.js';
import { GrammarError } from '../../grammars/grammar.errors.js';
import { generatePayload } from '../../operations/payloads/generate-payload.js';
import { decodeGenerated, type Generated } from '../../operations/payloads/generate-result.js';
import { type CapturedRequest, CapturesService } from '../captures/index.js';
import { type Accepted, FuturesService } from '../futures/index.js';
import { shownTokens, toGenerateRequest } from './generate-request.js';
import { type OrderedGrammar, type SamplingOrder } from './sampling-order.js';

/** A request that is in the log. */
export interface AcceptedSampling extends Accepted {
  /** As the backend gets it, with its defaults. */
  readonly request: GenerateRequest;
  readonly capture: CaptureState;
}

/** What capturing means for a request. */
interface CaptureState {
  readonly isCaptured: boolean;
  /** Whether its result has log-probs that only the capture is for. */
  readonly hidesLogprobs: boolean;
}

/** A request that is done. */
export interface Sampled extends Accepted {
  readonly generated: Generated;
}

/** Checks sampling requests, puts them into the log, and waits for their results. */
@Injectable()
export class GenerationService {
  private readonly grammars = sharedGrammars();

  constructor(
    private readonly futures: FuturesService,
    private readonly captures: CapturesService,
  ) {}

  /**
   * What the backend is to sample, without a trace in the log.
   * @throws InvalidRequestError for what the base model cannot do
   */
  async check(order: SamplingOrder): Promise<GenerateRequest> {
    const request = await toGenerateRequest(order);
    if (order.grammar) await this.checkGrammar(order.grammar);
    return request;
  }

  /** @throws InvalidRequestError for what the base model cannot do */
  async submit(order: SamplingOrder): Promise<AcceptedSampling> {
    return this.accept(order, await this.check(order));
  }

  /** Submits all of these or none: what is refused is refused before, or takes the others back. @throws as submit does */
  async submitAll(orders: readonly SamplingOrder[]): Promise<readonly AcceptedSampling[]> {
    const checked = await Promise.all(orders.map(async (order) => ({ order, request: await this.check(order) })));
    const outcomes = await Promise.allSettled(checked.map(({ order, request }) => this.accept(order, request)));
    const accepted = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    if (!refused) return accepted;
    await Promise.all(accepted.map(({ requestId }) => this.futures.cancel(requestId)));
    throw refused.reason;
  }

  /**
   * The result when it is there. When the signal aborts before, nobody waits for it any more: the request is cancelled,
   * and the answer is null. @throws the AppError that it failed with
   */
  async result(
    { requestId, modelId, capture }: Omit<AcceptedSampling, 'request'>,
    signal: AbortSignal,
  ): Promise<Sampled | null> {
    const result = await this.futures.result(requestId, signal);
    if (result === null) {
      await this.futures.cancel(requestId);
      return null;
    }
    // Before the answer: feedback may follow it at once.
    if (capture.isCaptured) await this.captures.complete(requestId);
    const generated = decodeGenerated(result);
    return { requestId, modelId, generated: capture.hidesLogprobs ? withoutLogprobs(generated) : generated };
  }

  /** The results of requests that are of use together only: when one fails, the others are cancelled. */
  async results(accepted: readonly AcceptedSampling[], signal: AbortSignal): Promise<readonly Sampled[] | null> {
    const failure = new AbortController();
    const either = AbortSignal.any([signal, failure.signal]);
    try {
      const results = await Promise.all(accepted.map((one) => this.result(one, either)));
      return results.every((result) => result !== null) ? results : null;
    } catch (error) {
      failure.abort();
      throw error;
    }
  }

  private async accept(order: SamplingOrder, request: GenerateRequest): Promise<AcceptedSampling> {
    const { source, stream, wanted, idempotencyKey, seqId, captured } = order;
    const isCaptured = captured !== undefined && (await this.captures.isEnabled());
    const accepted = await this.futures.submit({
      kind: 'generate',
      adapterId: source.adapterId,
      modelId: source.modelId,
      baseModel: source.model.name,
      sampler: source.sampler,
      idempotencyKey,
      seqId,
      request: generatePayload.encode({
        request,
        checkpointId: source.checkpointId,
        stream,
        logprobs: wanted.logprobs || isCaptured,
        promptLogprobs: wanted.promptLogprobs ?? false,
        shownTokens: shownTokens(order),
      }),
    });
    if (isCaptured) await this.capture(accepted, order, captured);
    return { ...accepted, request, capture: { isCaptured, hidesLogprobs: isCaptured && !wanted.logprobs } };
  }

  private capture({ requestId }: Accepted, order: SamplingOrder, captured: CapturedRequest): Promise<void> {
    const { source, prompt, count: choices } = order;
    return this.captures.begin({
      ...captured,
      requestId,
      model: source.modelId,
      baseModel: source.model.name,
      prompt,
      choices,
    });
  }

  /** Compiles the grammar for an alphabet of bytes: what fails there would fail in the worker. */
  private async checkGrammar({ ebnf, field }: OrderedGrammar): Promise<void> {
    try {
      await this.grammars.check(ebnf);
    } catch (error) {
      if (!(error instanceof GrammarError)) throw error;
      throw invalid(field, `asks for answers that this server cannot hold to it: ${error.message}`, 'Simplify it.');
    }
  }
}

function withoutLogprobs(generated: Generated): Generated {
  return { ...generated, sequences: generated.sequences.map((sequence) => ({ ...sequence, logprobs: null })) };
}
