import { type Generated, type GeneratedSequence } from '../../../operations/payloads/generate-result.js';
import { type CompletionHead } from '../completion-head.js';
import { presentUsage } from '../usage.presenter.js';
import { type TextLogprobsDto } from './completion.dto.js';

/** The pieces of a streamed text completion. */
export class CompletionChunks {
  /** @param withUsage the client wants the usage: null in all chunks but the last */
  constructor(
    private readonly head: CompletionHead,
    private readonly withUsage: boolean,
  ) {}

  text(index: number, text: string): object {
    return this.chunk([{ index, text, logprobs: null, finish_reason: null }]);
  }

  /** The log-probs of all tokens come with the end, since a piece of text is not always whole tokens. */
  end(index: number, { stopReason }: GeneratedSequence, logprobs: TextLogprobsDto | null): object {
    return this.chunk([{ index, text: '', logprobs, finish_reason: stopReason }]);
  }

  usage(generated: Generated): object {
    return { ...this.chunk([]), usage: presentUsage(generated) };
  }

  private chunk(choices: readonly object[]): object {
    return { ...this.head, object: 'text_completion', choices, ...(this.withUsage ? { usage: null } : {}) };
  }
}
