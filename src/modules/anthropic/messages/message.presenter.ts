import { type Generated, type GeneratedSequence } from '../../../operations/payloads/generate-result.js';
import { type Sampled } from '../../generation/index.js';
import { type MessageDto, type MessageUsageDto } from './message.dto.js';
import { type MessageEndDto } from './message-event.dto.js';
import { type MessageOrder } from './message-order.js';
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
  const text = generated.sequences[0]?.text ?? '';
  return {
    ...presentOpening(order, requestId),
    content: text === '' ? [] : [{ type: 'text', text }],
    ...(await presentEnd(order, generated)),
    usage: presentUsage(generated),
  };
}

export async function presentEnd(order: MessageOrder, { sequences }: Generated): Promise<MessageEndDto> {
  const [sequence] = sequences;
  if (!sequence) throw new TypeError('A message was sampled without a sequence.');
  return sequence.stopReason === 'length' ? cutOff(order) : stopped(order, sequence);
}

function cutOff({ endsWithContext }: MessageOrder): MessageEndDto {
  return { stop_reason: endsWithContext ? 'model_context_window_exceeded' : 'max_tokens', stop_sequence: null };
}

async function stopped(order: MessageOrder, sequence: GeneratedSequence): Promise<MessageEndDto> {
  const found = await findStopSequence(sequence, order);
  return { stop_reason: found === null ? 'end_turn' : 'stop_sequence', stop_sequence: found };
}

export function presentUsage({
  promptTokens,
  completionTokens,
}: Pick<Generated, 'promptTokens' | 'completionTokens'>): MessageUsageDto {
  return { input_tokens: promptTokens, output_tokens: completionTokens };
}
