import { Injectable } from '@nestjs/common';
import { type GenerateRequest } from '../../compute/compute-backend.js';
import { invalid } from '../../common/json/json-fields.js';
import { sharedGrammars } from '../../grammars/engine/grammar-engine.js';
import { GrammarError } from '../../grammars/grammar.errors.js';
import { generatePayload } from '../../operations/payloads/generate-payload.js';
import { decodeGenerated, type Generated } from '../../operations/payloads/generate-result.js';
import { type Accepted, FuturesService } from '../futures/index.js';
import { shownTokens, toGenerateRequest } from './generate-request.js';
import { type OrderedGrammar, type SamplingOrder } from './sampling-order.js';

/** A request that is in the log. */
export interface AcceptedSampling extends Accepted {
  /** As the backend gets it, with its defaults. */
  readonly request: GenerateRequest;
}

/** A request that is done. */
export interface Sampled extends Accepted {
  readonly generated: Generated;
}

/** Checks sampling requests, puts them into the log, and waits for their results. */
@Injectable()
export class GenerationService {
  private readonly grammars = sharedGrammars();

  constructor(private readonly futures: FuturesService) {}

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
  async result({ requestId, modelId }: Accepted, signal: AbortSignal): Promise<Sampled | null> {
    const result = await this.futures.result(requestId, signal);
    if (result !== null) return { requestId, modelId, generated: decodeGenerated(result) };
    await this.futures.cancel(requestId);
    return null;
  }

  /** The results of requests that are of use together only: when one fails, the others are cancelled. */
  async results(accepted: readonly Accepted[], signal: AbortSignal): Promise<readonly Sampled[] | null> {
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
    const { source, stream, wanted, idempotencyKey, seqId } = order;
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
        logprobs: wanted.logprobs,
        promptLogprobs: wanted.promptLogprobs ?? false,
        shownTokens: shownTokens(order),
      }),
    });
    return { ...accepted, request };
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
