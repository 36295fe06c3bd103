import { type ChatTokenizer } from '../../../base-models/tokenizers/chat-tokenizer.js';
import { type AnswerReader } from '../../../base-models/tool-calls/tool-call-format.js';
import { type AnswerPart } from '../../../base-models/tool-calls/tool-call.js';
import { type OfferedTools } from '../../generation/index.js';
import { type ChunkForm } from '../completion-streams.js';
import { presentCall, presentLogprobs } from './chat-completion.presenter.js';

/** The chunks of a chat completion. A call comes in one piece, when it is certain that it is one. */
export function chatChunks(tokenizer: ChatTokenizer, tools: OfferedTools | null): ChunkForm {
  const answers: StreamedAnswer[] = [];
  const answer = (index: number) => (answers[index] ??= new StreamedAnswer(index, tools));
  return {
    kind: 'chatcmpl',
    constants: { object: 'chat.completion.chunk', system_fingerprint: null },
    opening: (index) => choiceOf(index, { role: 'assistant', content: tools ? null : '' }),
    text: (index, content) => answer(index).push(content),
    end: async (index, sequence) => {
      const rest = answer(index).finish();
      const logprobs = await presentLogprobs(sequence, tokenizer);
      return [...rest, { index, delta: {}, logprobs, finish_reason: answer(index).finishReason(sequence.stopReason) }];
    },
  };
}

class StreamedAnswer {
  private readonly reader: AnswerReader | null;
  private calls = 0;

  constructor(
    private readonly index: number,
    private readonly tools: OfferedTools | null,
  ) {
    this.reader = tools?.format.reader(tools.names) ?? null;
  }

  push(text: string): object[] {
    return this.present(this.reader?.push(text) ?? [{ kind: 'text', text }]);
  }

  finish(): object[] {
    return this.present(this.reader?.finish() ?? []);
  }

  finishReason(stopReason: 'stop' | 'length'): string {
    return this.calls > 0 && stopReason === 'stop' ? 'tool_calls' : stopReason;
  }

  private present(parts: readonly AnswerPart[]): object[] {
    return parts.map((part) => {
      if (part.kind === 'text') return choiceOf(this.index, { content: part.text });
      const call = this.tools && presentCall(part.call, this.tools);
      return choiceOf(this.index, { tool_calls: [{ index: this.calls++, ...call }] });
    });
  }
}

function choiceOf(index: number, delta: object): object {
  return { index, delta, logprobs: null, finish_reason: null };
}
