import { Injectable } from '@nestjs/common';
import { ContinuationText } from '../../../base-models/tokenizers/continuation-text.js';
import { type GenerateRequest } from '../../../compute/compute-backend.js';
import { decoderShowing } from '../../../base-models/tokenizers/shown-tokens.js';
import { EventBus } from '../../../events/event-bus.js';
import { shownTokens } from '../generate-request.js';
import { GenerationService, type Sampled } from '../generation.service.js';
import { type SamplingOrder } from '../sampling-order.js';
import { TextStream } from './text-stream.js';
import { type TokenTriple } from '../../../events/token-events.js';
import { TokenTap } from './token-events.js';
import { type TextDelta, TokenTexts } from './token-texts.js';

/** Gets a generation piece by piece. */
export interface StreamListener {
  /** The request is accepted, under this id. */
  onStart(requestId: string): void;
  onDelta(delta: TextDelta): void;
}

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
  async run(order: SamplingOrder, signal: AbortSignal, listener: StreamListener): Promise<Sampled | null> {
    const tap = new TokenTap(this.events);
    try {
      const { request, ...accepted } = await this.generation.submit({ ...order, stream: true });
      listener.onStart(accepted.requestId);
      const texts = new TokenTexts(await textStreams(order, request));
      // One after another, in the order of the tokens.
      let told: Promise<void> = Promise.resolve();
      const tell = async (triple: TokenTriple) => listener.onDelta(await texts.push(triple));
      tap.follow(accepted.requestId, (triple) => {
        told = told.then(() => tell(triple));
      });
      const sampled = await this.generation.result(accepted, signal);
      await told;
      const finalTexts = sampled?.generated.sequences.map(({ text }) => text) ?? [];
      if (sampled) for (const delta of texts.finish(finalTexts)) listener.onDelta(delta);
      return sampled;
    } finally {
      tap.close();
    }
  }
}

async function textStreams(order: SamplingOrder, request: GenerateRequest): Promise<() => TextStream> {
  const { stopTokens, stopStrings } = request.sampling;
  const { tokenizer } = order.source.model;
  const decode = decoderShowing(tokenizer, shownTokens(order));
  const { context } = await ContinuationText.after(request.prompt, decode);
  const options = { context, isByte: (token: number) => tokenizer.isByte(token) };
  return () => new TextStream(decode, new Set(stopTokens), stopStrings, options);
}
