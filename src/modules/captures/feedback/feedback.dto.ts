import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsInt, IsNumber, IsOptional, IsString, Max, MaxLength, Min, MinLength } from 'class-validator';
import { IsStorable } from '../../../common/http/validation/is-storable.js';
import { CAPTURE_ID, CaptureFilterDto, FeedbackDto } from '../dto/capture.dto.js';
import { type Thumb, THUMBS } from '../entities/capture-feedback.entity.js';
import { ROW_KINDS, type RowKind, TRAINING_METHODS, type TrainingMethod } from './training-row.js';

const MAX_TEXT = 100_000;

export class GiveFeedbackDto {
  /** Id of a captured answer, as the client got it, or of its request. */
  @ApiProperty({ example: `chatcmpl-${CAPTURE_ID}` })
  @IsString()
  id!: string;

  /** Index of the answer, for requests with several. */
  @ApiProperty({ default: 0, minimum: 0, example: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(1023)
  choice?: number;

  /** Whether the answer is good. */
  @ApiProperty({ enum: THUMBS, example: 'down' })
  @IsOptional()
  @IsIn(THUMBS)
  thumb?: Thumb | null;

  /** Score of the answer, from 0 (bad) to 1 (good). */
  @ApiProperty({ minimum: 0, maximum: 1, example: 0.25 })
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @Min(0)
  @Max(1)
  score?: number | null;

  /** The corrected answer. */
  @ApiProperty({ example: 'You find them in aisle seven.' })
  @IsOptional()
  @IsString()
  @IsStorable()
  @MinLength(1)
  @MaxLength(MAX_TEXT)
  correction?: string | null;

  /** A note. */
  @ApiProperty({ example: 'We have moved.' })
  @IsOptional()
  @IsString()
  @IsStorable()
  @MaxLength(MAX_TEXT)
  note?: string | null;
}

export class GivenFeedbackDto extends FeedbackDto {
  /** Id of the request. */
  @ApiProperty({ example: CAPTURE_ID })
  capture_id!: string;
}

export class MakeTrainingFileDto extends CaptureFilterDto {
  /** `dpo`: pairs of a better and a worse answer; `supervised`: weighted answers. */
  @ApiProperty({ enum: TRAINING_METHODS, example: 'dpo' })
  @IsIn(TRAINING_METHODS)
  method!: TrainingMethod;

  /**
   * `chat`: rows are conversations; `completion`: prompts that were sent as text, without a chat template, with their
   * completions. Those are for `supervised`.
   */
  @ApiProperty({ enum: ROW_KINDS, default: 'chat', example: 'chat' })
  @IsOptional()
  @IsIn(ROW_KINDS)
  kind?: RowKind;

  /** Name of the file. */
  @ApiProperty({ default: 'feedback.jsonl', example: 'feedback.jsonl' })
  @IsOptional()
  @IsString()
  @IsStorable()
  @MinLength(1)
  @MaxLength(255)
  filename?: string;
}

export class SkippedCapturesDto {
  /**
   * Captures whose feedback gives no row by this method.
   * @example 3
   */
  no_row!: number;

  /**
   * Captures whose request was not a conversation.
   * @example 0
   */
  not_a_conversation!: number;

  /**
   * Captures whose request already contained the beginning of the answer.
   * @example 0
   */
  continued_answer!: number;

  /**
   * Captures whose prompt was not sent as text, in a file of prompts and completions.
   * @example 0
   */
  not_a_text!: number;

  /**
   * Captures whose answers have scores between 0 and 1, in a file of prompts and completions: those have no weights.
   * @example 0
   */
  partial_score!: number;
}

export class TrainingFileDto {
  /**
   * Id of the file, for `training_file` of POST /v1/fine_tuning/jobs.
   * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  file_id!: string;

  /**
   * Name of the file.
   * @example feedback.jsonl
   */
  filename!: string;

  /**
   * Its rows.
   * @example 20
   */
  rows!: number;

  /** Captures with feedback that are not in the file, by the reason. */
  @ApiProperty({ type: SkippedCapturesDto })
  skipped!: SkippedCapturesDto;
}
