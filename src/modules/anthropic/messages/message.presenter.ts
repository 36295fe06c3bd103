import { type AnswerPart } from '../../../base-models/tool-calls/tool-call.js';
import { type Generated } from '../../../operations/payloads/generate-result.js';
import { type Sampled } from '../../generation/index.js';
import { contentParts } from './content-parts.js';
import { type MessageDto, type MessageUsageDto, type TextBlockDto, type ToolUseBlockDto } from './message.dto.js';
import { type MessageEndDto } from './message-event.dto.js';
import { type MessageOrder, toolUseId } from './message-order.js';
import { findStopSequence } from './stop-sequence.js';

/** A message before anything of it is written. The id holds that of the request, for /retrieve_future. */
export function presentOpening({ order, model }: MessageOrder, requestId: string): MessageDto {
  return {
    id: `msg_${requestId}`,
    type: 'message',
    role: 'assistant',
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: order.prompt.length, output_tokens: 0 },
  };
}

export async function presentMessage(order: MessageOrder, { requestId, generated }: Sampled): Promise<MessageDto> {
  const parts = contentParts(generated.sequences[0]?.text ?? '', order.tools);
  const callsTools = parts.some(({ kind }) => kind === 'call');
  return {
    ...presentOpening(order, requestId),
    content: parts.map((part) => presentBlock(part, order)),
    ...(await presentEnd(order, generated, callsTools)),
    usage: presentUsage(generated),
  };
}

/** How a message ends. */
export async function presentEnd(
  order: MessageOrder,
  { sequences }: Generated,
  callsTools: boolean,
): Promise<MessageEndDto> {
  const [sequence] = sequences;
  if (!sequence) throw new TypeError('A message was sampled without a sequence.');
  if (sequence.stopReason === 'length') {
    const reason = order.endsWithContext ? 'model_context_window_exceeded' : 'max_tokens';
    return { stop_reason: reason, stop_sequence: null };
  }
  const found = await findStopSequence(sequence, order);
  if (found !== null) return { stop_reason: 'stop_sequence', stop_sequence: found };
  return { stop_reason: callsTools ? 'tool_use' : 'end_turn', stop_sequence: null };
}

function presentBlock(part: AnswerPart, order: MessageOrder): TextBlockDto | ToolUseBlockDto {
  if (part.kind === 'text') return { type: 'text', text: part.text };
  const { name, arguments: input } = part.call;
  return { type: 'tool_use', id: toolUseId(order), name, input: JSON.parse(input) as object };
}

export function presentUsage({
  promptTokens,
  completionTokens,
}: Pick<Generated, 'promptTokens' | 'completionTokens'>): MessageUsageDto {
  return { input_tokens: promptTokens, output_tokens: completionTokens };
}
