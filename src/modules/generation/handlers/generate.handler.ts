import { Injectable, Logger } from '@nestjs/common';
import { decoderShowing } from '../../../base-models/tokenizers/shown-tokens.js';
import { ContinuationText } from '../../../base-models/tokenizers/continuation-text.js';
import { BaseModelCatalog } from '../../../base-models/base-model-catalog.js';
import { type CallOptions, ComputeBackend, type ModelTarget } from '../../../compute/compute-backend.js';
import { type SampledSequence, type SamplingParams } from '../../../domain/sampling.js';
import { NO_USAGE } from '../../../domain/usage.js';
import { EventBus } from '../../../events/event-bus.js';
import { AdapterResidency } from '../../adapter-state/index.js';
import { SamplerWeights } from '../../checkpoints/index.js';
import { type OperationOutcome } from '../../../operations/operation-outcome.js';
import { Cancellations, type Operation, OperationHandler } from '../../futures/index.js';
import { generatePayload } from '../../../operations/payloads/generate-payload.js';
import { encodeGenerateResult, tokenCounts } from '../../../operations/payloads/generate-result.js';
import { cutAtStop } from '../streaming/text-stream.js';
import { TokenPublisher } from '../streaming/token-events.js';

/** Samples from an adapter, sampler weights or a bare base model; publishes the tokens where a client streams. */
@Injectable()
export class GenerateHandler extends OperationHandler {
  override readonly kinds = ['generate'] as const;
  private readonly logger = new Logger(GenerateHandler.name);

  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly samplers: SamplerWeights,
    private readonly baseModels: BaseModelCatalog,
    private readonly events: EventBus,
    private readonly cancellations: Cancellations,
  ) {
    super();
  }

  override run(operation: Operation): Promise<OperationOutcome> {
    return this.cancellations.run(operation, (signal) => this.sample(operation, signal));
  }

  private async sample(operation: Operation, signal: AbortSignal): Promise<OperationOutcome> {
    const { request, checkpointId, stream, logprobs, promptLogprobs, shownTokens } = generatePayload.decode(
      operation.request,
    );
    const { owner, weight } = operation;
    const publisher = stream ? this.publisherOf(operation) : null;
    const onToken = publisher
      ? ({ index, token }: { index: number; token: number }) => publisher.push(index, token)
      : undefined;
    const result = await this.withTarget(operation, checkpointId, (target) =>
      this.backend.generate(target, request, { onToken, signal, owner, weight }),
    );
    await publisher?.flush();
    const { tokenizer } = this.baseModels.get(operation.baseModel);
    const continuation = await ContinuationText.after(request.prompt, decoderShowing(tokenizer, shownTokens ?? []));
    const texts = await Promise.all(
      result.sequences.map((sequence) => textOf(sequence, request.sampling, continuation)),
    );
    const scores = promptLogprobs
      ? await this.withTarget(operation, checkpointId, (target) =>
          this.scorePrompt(target, request.prompt, { signal, owner, weight }),
        )
      : null;
    scores?.fill(NaN, 0, -(request.topPromptLast ?? request.prompt.length));
    const encoded = encodeGenerateResult(request, result, { texts, logprobs, promptLogprobs: scores });
    const { prompt_tokens: promptTokens, completion_tokens: sampledTokens } = tokenCounts(encoded);
    return { result: encoded, usage: { ...NO_USAGE, promptTokens, sampledTokens } };
  }

  /**
   * Log-prob of each token of the prompt given those before it; NaN for the first. It takes a forward pass of its own, although
   * the generation has read the prompt already: clients compare these numbers with those of a training forward (ratios of
   * importance sampling), and a pass gives its bits on every engine, also where sampling agrees with it only up to rounding.
   */
  private async scorePrompt(target: ModelTarget, prompt: Int32Array, options: CallOptions): Promise<Float32Array> {
    const scores = new Float32Array(prompt.length).fill(NaN);
    if (prompt.length < 2) return scores;
    const rows = { offsets: Int32Array.of(0, prompt.length - 1), trailingShape: [] };
    const tokens = { data: prompt.slice(0, -1), ...rows };
    const lossInputs = { target_tokens: { data: prompt.slice(1), ...rows } };
    const loss = { name: 'cross_entropy', config: {} };
    const request = { batch: { tokens, lossInputs }, loss, logprobs: 'all' } as const;
    const { logprobs } = await this.backend.forward(target, request, options);
    scores.set(logprobs.data, 1);
    return scores;
  }

  private async withTarget<T>(
    operation: Operation,
    checkpointId: string | null,
    work: (target: ModelTarget) => Promise<T>,
  ): Promise<T> {
    if (checkpointId !== null) return this.samplers.use(checkpointId, work);
    if (operation.adapterId === null) return work({ kind: 'base', baseModel: operation.baseModel });
    const adapter = await this.residency.use(operation);
    return work({ kind: 'adapter', adapterId: adapter.id });
  }

  private publisherOf({ requestId }: Operation): TokenPublisher {
    return new TokenPublisher(this.events, requestId, (error) => {
      this.logger.warn(`Some tokens of ${requestId} were not streamed, but the result contains them: ${String(error)}`);
    });
  }
}

/** The stop token and everything from a stop string on are no part of the text. */
async function textOf(
  sequence: SampledSequence,
  sampling: SamplingParams,
  continuation: ContinuationText,
): Promise<string> {
  const last = sequence.tokens.at(-1);
  const stopped = sequence.stopReason === 'stop' && last !== undefined && sampling.stopTokens.includes(last);
  const tokens = stopped ? sequence.tokens.subarray(0, -1) : sequence.tokens;
  return cutAtStop(await continuation.of(tokens), sampling.stopStrings);
}
