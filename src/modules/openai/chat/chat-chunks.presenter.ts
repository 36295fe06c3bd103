import { type Generated, type GeneratedSequence } from '../../../operations/payloads/generate-result.js';
import { type CompletionHead } from '../completion-head.js';
import { presentUsage } from '../usage.presenter.js';
import { type ChoiceLogprobsDto } from './chat-completion.dto.js';

/** The pieces of a streamed chat completion. */
export class ChatChunks {
  /** @param withUsage the client wants the usage: null in all chunks but the last */
  constructor(
    private readonly head: CompletionHead,
    private readonly withUsage: boolean,
  ) {}

  opening(index: number): object {
    return this.chunk([{ index, delta: { role: 'assistant', content: '' }, logprobs: null, finish_reason: null }]);
  }

  text(index: number, content: string): object {
    return this.chunk([{ index, delta: { content }, logprobs: null, finish_reason: null }]);
  }

  /** The log-probs of all tokens come with the end, since a piece of text is not always whole tokens. */
  end(index: number, { stopReason }: GeneratedSequence, logprobs: ChoiceLogprobsDto | null): object {
    return this.chunk([{ index, delta: {}, logprobs, finish_reason: stopReason }]);
  }

  usage(generated: Generated): object {
    return { ...this.chunk([]), usage: presentUsage(generated) };
  }

  private chunk(choices: readonly object[]): object {
    const usage = this.withUsage ? { usage: null } : {};
    return { ...this.head, object: 'chat.completion.chunk', choices, system_fingerprint: null, ...usage };
  }
}
