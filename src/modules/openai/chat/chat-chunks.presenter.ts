import { type ChatTokenizer } from '../../../base-models/tokenizers/chat-tokenizer.js';
import { type ChunkForm } from '../completion-streams.js';
import { presentLogprobs } from './chat-completion.presenter.js';

/** The chunks of a chat completion. */
export function chatChunks(tokenizer: ChatTokenizer): ChunkForm {
  return {
    kind: 'chatcmpl',
    constants: { object: 'chat.completion.chunk', system_fingerprint: null },
    opening: (index) => ({
      index,
      delta: { role: 'assistant', content: '' },
      logprobs: null,
      finish_reason: null,
    }),
    text: (index, content) => ({ index, delta: { content }, logprobs: null, finish_reason: null }),
    end: async (index, sequence) => ({
      index,
      delta: {},
      logprobs: await presentLogprobs(sequence, tokenizer),
      finish_reason: sequence.stopReason,
    }),
  };
}
