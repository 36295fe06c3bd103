import { type AnswerPart } from '../../../base-models/tool-calls/tool-call.js';
import { type Generated } from '../../../operations/payloads/generate-result.js';
import { type Sampled } from '../../generation/index.js';
import { contentParts } from './content-parts.js';
import { type MessageDto, type MessageTokensDto, type TextBlockDto, type ToolUseBlockDto } from './dto/message.dto.js';
import { type MessageEndDto } from './dto/message-event.dto.js';
import { type MessageOrder, toolUseId } from './message-order.js';
import { findStopSequence } from './stop-sequence.js';

/* What this server does not have stays null: clients of the API expect these fields. */
const NO_DETAILS = { stop_details: null, container: null };
const UNKNOWN_USAGE = { cache_creation: null, inference_geo: null, service_tier: null, speed: null };

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
    ...NO_DETAILS,
    diagnostics: null,
    usage: { ...presentTokens({ promptTokens: order.prompt.length, completionTokens: 0 }), ...UNKNOWN_USAGE },
  };
}

export async function presentMessage(order: MessageOrder, { requestId, generated }: Sampled): Promise<MessageDto> {
  const parts = contentParts(generated.sequences[0]?.text ?? '', order.tools);
  const callsTools = parts.some(({ kind }) => kind === 'call');
  return {
    ...presentOpening(order, requestId),
    content: parts.map((part) => presentBlock(part, order)),
    ...(await presentEnd(order, generated, callsTools)),
    usage: { ...presentTokens(generated), ...UNKNOWN_USAGE },
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
    return { stop_reason: reason, stop_sequence: null, ...NO_DETAILS };
  }
  const found = await findStopSequence(sequence, order);
  if (found !== null) return { stop_reason: 'stop_sequence', stop_sequence: found, ...NO_DETAILS };
  return { stop_reason: callsTools ? 'tool_use' : 'end_turn', stop_sequence: null, ...NO_DETAILS };
}

function presentBlock(part: AnswerPart, order: MessageOrder): TextBlockDto | ToolUseBlockDto {
  if (part.kind === 'text') return textBlock(part.text);
  const { name, arguments: input } = part.call;
  return toolUseBlock(toolUseId(order), name, JSON.parse(input) as object);
}

export function textBlock(text: string): TextBlockDto {
  return { type: 'text', text, citations: null };
}

export function toolUseBlock(id: string, name: string, input: object): ToolUseBlockDto {
  return { type: 'tool_use', id, name, input, caller: { type: 'direct' } };
}

export function presentTokens({
  promptTokens,
  completionTokens,
}: Pick<Generated, 'promptTokens' | 'completionTokens'>): MessageTokensDto {
  return {
    input_tokens: promptTokens,
    output_tokens: completionTokens,
    output_tokens_details: null,
    cache_creation_input_tokens: null,
    cache_read_input_tokens: null,
    server_tool_use: null,
  };
}
