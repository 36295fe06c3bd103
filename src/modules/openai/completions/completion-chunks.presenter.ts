import { type ChunkForm } from '../completion-streams.js';
import { type ScoredToken } from '../token-logprobs.js';
import { presentLogprobs, scoreEcho } from './completion.presenter.js';
import { type CompletionOrder } from './completion.reader.js';

/** The chunks of a text completion. */
export function completionChunks(asked: CompletionOrder): ChunkForm {
  const { tokenizer } = asked.order.source.model;
  const text = (index: number, piece: string) => ({ index, text: piece, logprobs: null, finish_reason: null });
  let before: Promise<readonly ScoredToken[]> | null = null;
  return {
    kind: 'cmpl',
    constants: { object: 'text_completion' },
    opening: (index) => (asked.echo === null ? null : text(index, asked.echo)),
    text: (index, piece) => [text(index, piece)],
    end: async (index, sequence, generated) => {
      const scored = await (before ??= scoreEcho(asked, generated, tokenizer));
      const logprobs = await presentLogprobs(scored, sequence, asked.onlyEcho, tokenizer);
      return [{ index, text: '', logprobs, finish_reason: sequence.stopReason }];
    },
  };
}
