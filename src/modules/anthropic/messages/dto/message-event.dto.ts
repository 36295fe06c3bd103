import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import {
  BLOCKS,
  MessageDto,
  MessageTokensDto,
  STOP_REASONS,
  type StopReasonDto,
  type TextBlockDto,
  type ToolUseBlockDto,
} from './message.dto.js';

/** A message as a stream of server-sent events brings it, in this order; each event is named by its `type`. */

export class MessageStartEventDto {
  /** Kind of the event. */
  @ApiProperty({ enum: ['message_start'], example: 'message_start' })
  type!: 'message_start';

  /** The message, before anything of it is written. */
  @ApiProperty({ type: MessageDto })
  message!: MessageDto;
}

export class PingEventDto {
  /** Kind of the event, which may come at any time and only keeps the connection open. */
  @ApiProperty({ enum: ['ping'], example: 'ping' })
  type!: 'ping';
}

export class BlockStartEventDto {
  /** Kind of the event. */
  @ApiProperty({ enum: ['content_block_start'], example: 'content_block_start' })
  type!: 'content_block_start';

  /**
   * Number of the block in `content`, from 0.
   * @example 0
   */
  index!: number;

  /** The block, without its content. */
  @ApiProperty({ oneOf: BLOCKS, example: { type: 'text', text: '', citations: null } })
  content_block!: TextBlockDto | ToolUseBlockDto;
}

export class TextDeltaDto {
  /** Kind of the piece. */
  @ApiProperty({ enum: ['text_delta'], example: 'text_delta' })
  type!: 'text_delta';

  /**
   * The next piece of text.
   * @example "Hi"
   */
  text!: string;
}

export class InputJsonDeltaDto {
  /** Kind of the piece. */
  @ApiProperty({ enum: ['input_json_delta'], example: 'input_json_delta' })
  type!: 'input_json_delta';

  /**
   * The next piece of the arguments, as JSON.
   * @example "{\"city\": \"Berlin\"}"
   */
  partial_json!: string;
}

@ApiExtraModels(TextDeltaDto, InputJsonDeltaDto)
export class BlockDeltaEventDto {
  /** Kind of the event. */
  @ApiProperty({ enum: ['content_block_delta'], example: 'content_block_delta' })
  type!: 'content_block_delta';

  /**
   * Number of the block.
   * @example 0
   */
  index!: number;

  /** What is new. */
  @ApiProperty({
    oneOf: [{ $ref: getSchemaPath(TextDeltaDto) }, { $ref: getSchemaPath(InputJsonDeltaDto) }],
    example: { type: 'text_delta', text: 'Hi' },
  })
  delta!: TextDeltaDto | InputJsonDeltaDto;
}

export class BlockStopEventDto {
  /** Kind of the event. */
  @ApiProperty({ enum: ['content_block_stop'], example: 'content_block_stop' })
  type!: 'content_block_stop';

  /**
   * Number of the block that is complete.
   * @example 0
   */
  index!: number;
}

export class MessageEndDto {
  /** As in the whole message. */
  @ApiProperty({ enum: STOP_REASONS, example: 'end_turn' })
  stop_reason!: StopReasonDto;

  /** As in the whole message. */
  @ApiProperty({ type: String, nullable: true, example: null })
  stop_sequence!: string | null;

  /** Always null. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  stop_details!: null;

  /** Always null. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: null })
  container!: null;
}

export class MessageDeltaEventDto {
  /** Kind of the event. */
  @ApiProperty({ enum: ['message_delta'], example: 'message_delta' })
  type!: 'message_delta';

  /** How the message ends. */
  @ApiProperty({ type: MessageEndDto })
  delta!: MessageEndDto;

  /** Numbers of tokens of the whole message. */
  @ApiProperty({ type: MessageTokensDto })
  usage!: MessageTokensDto;
}

export class MessageStopEventDto {
  /** Kind of the event. */
  @ApiProperty({ enum: ['message_stop'], example: 'message_stop' })
  type!: 'message_stop';
}

export const MESSAGE_EVENTS = [
  MessageStartEventDto,
  PingEventDto,
  BlockStartEventDto,
  BlockDeltaEventDto,
  BlockStopEventDto,
  MessageDeltaEventDto,
  MessageStopEventDto,
];
