import { Injectable, Logger } from '@nestjs/common';
import { type ChatTokenizer } from '../../../base-models/chat-tokenizer.js';
import { BaseModelCatalog } from '../../../base-models/base-model-catalog.js';
import { ComputeBackend, type ModelTarget } from '../../../compute/compute-backend.js';
import { type OperationData } from '../../../domain/operation-data.js';
import { type SampledSequence, type SamplingParams } from '../../../domain/sampling.js';
import { EventBus } from '../../../events/event-bus.js';
import { AdapterResidency } from '../../adapters/index.js';
import { SamplerWeights } from '../../checkpoints/index.js';
import { HandlesOperation, type Operation, OperationHandler } from '../../futures/index.js';
import { decodeGenerate, encodeGenerated } from '../generate-operation.js';
import { cutAtStop } from '../text-stream.js';
import { TokenPublisher } from '../token-events.js';

/** Samples from an adapter, a sampler snapshot or a bare base model; publishes the tokens where a client streams. */
@Injectable()
@HandlesOperation('generate')
export class GenerateHandler extends OperationHandler {
  private readonly logger = new Logger(GenerateHandler.name);

  constructor(
    private readonly backend: ComputeBackend,
    private readonly residency: AdapterResidency,
    private readonly samplers: SamplerWeights,
    private readonly baseModels: BaseModelCatalog,
    private readonly events: EventBus,
  ) {
    super();
  }

  override async run(operation: Operation): Promise<OperationData> {
    const generate = decodeGenerate(operation.request);
    const { request, options } = generate;
    const target = await this.targetOf(operation, options.checkpointId);
    const publisher = options.stream ? this.publisherOf(operation) : null;
    const onToken = publisher
      ? ({ index, token }: { index: number; token: number }) => publisher.push(index, token)
      : undefined;
    const result = await this.backend.generate(target, request, onToken);
    await publisher?.flush();
    const { tokenizer } = this.baseModels.get(operation.baseModel);
    const texts = result.sequences.map((sequence) => textOf(sequence, request.sampling, tokenizer));
    return encodeGenerated(generate, result, texts);
  }

  private async targetOf(operation: Operation, checkpointId: string | null): Promise<ModelTarget> {
    if (checkpointId !== null) return this.samplers.target(checkpointId);
    if (operation.adapterId === null) return { kind: 'base', baseModel: operation.baseModel };
    const adapter = await this.residency.use(operation);
    return { kind: 'adapter', adapterId: adapter.id };
  }

  private publisherOf({ requestId }: Operation): TokenPublisher {
    return new TokenPublisher(this.events, requestId, (error) => {
      this.logger.warn(`Tokens of ${requestId} were not streamed, the result holds them: ${String(error)}`);
    });
  }
}

/** The stop token and everything from a stop string on are no part of the text. */
function textOf(sequence: SampledSequence, sampling: SamplingParams, tokenizer: ChatTokenizer): string {
  const last = sequence.tokens.at(-1);
  const stopped = sequence.stopReason === 'stop' && last !== undefined && sampling.stopTokens.includes(last);
  const tokens = stopped ? sequence.tokens.subarray(0, -1) : sequence.tokens;
  return cutAtStop(tokenizer.decode(tokens, { skipSpecialTokens: true }), sampling.stopStrings);
}
