import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { type Generated, type GeneratedSequence } from '../../operations/payloads/generate-result.js';
import { GenerationStreamService, type SamplingOrder } from '../generation/index.js';
import { writeChunks } from './chunk-stream.js';
import { completionHead } from './completion-head.js';
import { presentUsage } from './usage.presenter.js';

/** What the chunks of one kind of completion hold. */
export interface ChunkForm {
  readonly kind: 'chatcmpl' | 'cmpl';
  /** Fields that every chunk has besides its head. */
  readonly constants: object;
  /** The choice that opens an answer, if there is one. */
  opening(index: number): object | null;
  /** The choices that more of an answer's text makes. */
  text(index: number, text: string): readonly object[];
  /** The choices that end an answer. The last one's log-probs are those of all tokens: a piece of text is not always whole tokens. */
  end(index: number, sequence: GeneratedSequence, generated: Generated): Promise<readonly object[]>;
}

/** Who asked, and for what besides the answers. */
export interface StreamRequest {
  readonly model: string;
  readonly withUsage: boolean;
}

/** Streams the answers to one order as chunks. */
@Injectable()
export class CompletionStreams {
  constructor(private readonly streams: GenerationStreamService) {}

  write(
    order: SamplingOrder,
    { model, withUsage }: StreamRequest,
    form: ChunkForm,
    signal: AbortSignal,
    response: Response,
  ): Promise<void> {
    return writeChunks(response, async (stream) => {
      let head = completionHead(form.kind, '', model);
      // With usage, it is null in all chunks but the last.
      const send = (choices: readonly object[], usage: object | null = null): void =>
        stream.send({ ...head, ...form.constants, choices, ...(withUsage ? { usage } : {}) });
      const sampled = await this.streams.run(order, signal, {
        onStart: (requestId) => {
          head = completionHead(form.kind, requestId, model);
          stream.start();
          for (let index = 0; index < order.count; index++) {
            const opening = form.opening(index);
            if (opening) send([opening]);
          }
        },
        onDelta: ({ index, text }) => {
          if (text === '') return;
          for (const choice of form.text(index, text)) send([choice]);
        },
      });
      if (!sampled) return;
      const { generated } = sampled;
      for (const [index, sequence] of generated.sequences.entries()) {
        for (const choice of await form.end(index, sequence, generated)) send([choice]);
      }
      if (withUsage) send([], presentUsage(generated));
    });
  }
}
