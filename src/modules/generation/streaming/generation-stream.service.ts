import { Injectable } from '@nestjs/common';
import { type BaseModel } from '../../../base-models/base-model.js';
import { ContinuationText } from '../../../base-models/tokenizers/continuation-text.js';
import { type GenerateRequest } from '../../../compute/compute-backend.js';
import { EventBus } from '../../../events/event-bus.js';
import { type GenerateDto } from '../dto/generate.dto.js';
import { GenerationService } from '../generation.service.js';
import { type StreamListener } from './sse.js';
import { TextStream } from './text-stream.js';
import { TokenTap, type TokenTriple } from './token-events.js';
import { TokenTexts } from './token-texts.js';

/** Sampling whose tokens are told while they are drawn in the worker. */
@Injectable()
export class GenerationStreamService {
  constructor(
    private readonly generation: GenerationService,
    private readonly events: EventBus,
  ) {}

  /**
   * Submits the request and tells `onStart` once it is accepted (what is wrong with it is thrown before), then every
   * piece of text. Returns the result, or null when the signal aborts before.
   */
  async run(dto: GenerateDto, signal: AbortSignal, listener: StreamListener): Promise<Record<string, unknown> | null> {
    const tap = new TokenTap(this.events);
    try {
      const { source, request } = await this.generation.read(dto);
      const texts = new TokenTexts(await textStreams(source.model, request));
      const options = { logprobs: dto.logprobs ?? false, stream: true };
      const accepted = await this.generation.submitTo(source, request, options);
      listener.onStart();
      // One after another, in the order of the tokens.
      let told: Promise<void> = Promise.resolve();
      const tell = async (triple: TokenTriple) => listener.onDelta(await texts.push(triple));
      tap.follow(accepted.requestId, (triple) => {
        told = told.then(() => tell(triple));
      });
      const result = await this.generation.result(accepted, signal);
      await told;
      if (result) for (const delta of texts.finish(textsOf(result))) listener.onDelta(delta);
      return result;
    } finally {
      tap.close();
    }
  }
}

async function textStreams({ tokenizer }: BaseModel, request: GenerateRequest): Promise<() => TextStream> {
  const { stopTokens, stopStrings } = request.sampling;
  const decode = (tokens: readonly number[]) => tokenizer.decode(tokens, { skipSpecialTokens: true });
  const { context } = await ContinuationText.after(request.prompt, decode);
  const options = { context, isByte: (token: number) => tokenizer.isByte(token) };
  return () => new TextStream(decode, new Set(stopTokens), stopStrings, options);
}

function textsOf(result: Record<string, unknown>): string[] {
  return (result['sequences'] as readonly { text: string }[]).map(({ text }) => text);
}
