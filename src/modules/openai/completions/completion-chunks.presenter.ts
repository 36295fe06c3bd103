import { type ChunkForm } from '../completion-streams.js';
import { presentLogprobs } from './completion.presenter.js';
import { type CompletionOrder } from './completion.reader.js';

/** The chunks of a text completion. */
export function completionChunks({ order, ...echoes }: CompletionOrder): ChunkForm {
  const { prompt, source } = order;
  const text = (index: number, piece: string) => ({ index, text: piece, logprobs: null, finish_reason: null });
  return {
    kind: 'cmpl',
    constants: { object: 'text_completion' },
    opening: (index) => (echoes.echo === null ? null : text(index, echoes.echo)),
    text: (index, piece) => [text(index, piece)],
    end: async (index, sequence, generated) => [
      {
        index,
        text: '',
        logprobs: await presentLogprobs({ ...echoes, prompt, generated }, sequence, source.model.tokenizer),
        finish_reason: sequence.stopReason,
      },
    ],
  };
}
