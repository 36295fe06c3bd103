import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsISO8601, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { IsStorable } from '../../../common/http/validation/is-storable.js';

export const DEFAULT_CAPTURES_LIMIT = 20;
export const CAPTURE_ID = 'future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC';
const TIME = '2026-01-01T12:00:00.000Z';

/** Which captures. What is omitted selects all. */
export class CaptureFilterDto {
  /**
   * Only those of this model, by the name in the request.
   * @example my-alias
   */
  @IsOptional()
  @IsString()
  @IsStorable()
  @MaxLength(512)
  model?: string;

  /**
   * Only those whose request had this in its `metadata`, as `name:text`.
   * @example team:support
   */
  @IsOptional()
  @IsStorable()
  @Matches(/^[^:]{1,64}:[\s\S]{0,512}$/, { message: 'metadata must be name:text' })
  metadata?: string;

  /**
   * Only those from this time on, in ISO 8601.
   * @example 2026-01-01T12:00:00.000Z
   */
  @IsOptional()
  @IsISO8601({ strict: true })
  since?: string;

  /**
   * Only those before this time, in ISO 8601.
   * @example 2026-02-01T12:00:00.000Z
   */
  @IsOptional()
  @IsISO8601({ strict: true })
  until?: string;
}

export class ListCapturesDto extends CaptureFilterDto {
  /** Only those with feedback (`true`) or without (`false`). */
  @ApiProperty({ type: Boolean, required: false, example: true })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  has_feedback?: boolean;

  /**
   * Captures per page.
   * @example 20
   */
  @PageSize(100)
  limit?: number = DEFAULT_CAPTURES_LIMIT;

  /**
   * `next_cursor` of the previous page.
   * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsOptional()
  @Matches(/^future_[0-9A-Z]{26}$/, { message: 'cursor must be the next_cursor of a previous page' })
  cursor?: string;
}

export class FeedbackDto {
  /**
   * Index of the answer, for requests with several.
   * @example 0
   */
  choice!: number;

  /** Whether the answer is good; null if not rated. */
  @ApiProperty({ enum: ['up', 'down'], nullable: true, example: 'down' })
  thumb!: 'up' | 'down' | null;

  /** Score of the answer, from 0 (bad) to 1 (good); null if there is none. */
  @ApiProperty({ type: Number, nullable: true, example: 0.25 })
  score!: number | null;

  /** The corrected answer; null if there is none. */
  @ApiProperty({ type: String, nullable: true, example: 'You find them in aisle seven.' })
  correction!: string | null;

  /** A note; null if there is none. */
  @ApiProperty({ type: String, nullable: true, example: 'We have moved.' })
  note!: string | null;

  /** Time of the last change. */
  @ApiProperty({ example: TIME })
  updated_at!: string;
}

export class CapturedAnswerDto {
  /** The answer. */
  @ApiProperty({ example: 'You find them in aisle six.' })
  text!: string;

  /** Why it ended. */
  @ApiProperty({ enum: ['stop', 'length'], example: 'stop' })
  stop_reason!: 'stop' | 'length';
}

export class CaptureDto {
  /** Id of the request. */
  @ApiProperty({ example: CAPTURE_ID })
  id!: string;

  /**
   * Name of the model in the request.
   * @example my-alias
   */
  model!: string;

  /**
   * Its base model.
   * @example HuggingFaceTB/SmolLM2-135M-Instruct
   */
  base_model!: string;

  /** Time of the request. */
  @ApiProperty({ example: TIME })
  created_at!: string;

  /** `metadata` of the request. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { team: 'support' } })
  metadata!: Readonly<Record<string, string>>;

  /** The conversation of the request; null if it had a text or token ids. */
  @ApiProperty({
    type: 'array',
    items: { type: 'object' },
    nullable: true,
    example: [{ role: 'user', content: 'Where do I find apples?' }],
  })
  messages!: unknown;

  /** The tools of the request; null if there were none. */
  @ApiProperty({ type: 'array', items: { type: 'object' }, nullable: true, example: null })
  tools!: readonly object[] | null;

  /** The text of the request; null if it had a conversation or token ids. */
  @ApiProperty({ type: String, nullable: true, example: null })
  prompt!: string | null;

  /** The answers. */
  @ApiProperty({ type: [CapturedAnswerDto] })
  answers!: CapturedAnswerDto[];

  /** Feedback on the answers. */
  @ApiProperty({ type: [FeedbackDto] })
  feedback!: FeedbackDto[];
}

export class CapturedSequenceDto extends CapturedAnswerDto {
  /** Its token ids. */
  @ApiProperty({ type: [Number], example: [4, 5] })
  tokens!: number[];

  /** Log-prob of each token under the weights that sampled it. */
  @ApiProperty({ type: [Number], example: [-0.25, -1.5] })
  logprobs!: number[];
}

export class CaptureWithTokensDto extends CaptureDto {
  /** Token ids of the prompt, as the model read it. */
  @ApiProperty({ type: [Number], example: [1, 2, 3] })
  prompt_tokens!: number[];

  /** The answers with their tokens and log-probs. */
  @ApiProperty({ type: [CapturedSequenceDto] })
  declare answers: CapturedSequenceDto[];
}

export class CaptureListDto {
  /** Newest first. */
  @ApiProperty({ type: [CaptureDto] })
  captures!: CaptureDto[];

  /** Pass it as `cursor` to get the next page; null on the last page. */
  @ApiProperty({ type: String, nullable: true, example: CAPTURE_ID })
  next_cursor!: string | null;
}

export class CaptureDeletedDto {
  /** Id of the capture. */
  @ApiProperty({ example: CAPTURE_ID })
  id!: string;

  /** Always `deleted`. */
  @ApiProperty({ enum: ['deleted'], example: 'deleted' })
  status!: 'deleted';
}
