import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../../common/http/validation/is-storable.js';
import { MAX_TTL_S } from './weights.dto.js';

@AcceptsUnknownFields()
export class CopyWeightsDto {
  /**
   * The checkpoint, of any kind: your own, a public one, or one that is readable with weights_access_token.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  @IsString()
  source_path!: string;

  /** Session in which the run of the copy is created. */
  @ApiProperty({ example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsOptional()
  @IsString()
  session_id?: string;

  /** Number of the copy's run in its session; must be unused. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  model_seq_id?: number;

  /** Without session_id: project of the new session in which the run of the copy is created. */
  @ApiProperty({ example: 'project-1' })
  @IsOptional()
  @IsString()
  @IsStorable()
  destination_project_id?: string;

  /** Seconds until the copy is deleted, independent of the source. Default: never. */
  @ApiProperty({ minimum: 1, example: 604800 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_S)
  ttl_seconds?: number;

  /**
   * Key of an account that may read the checkpoint, if yours may not. Can also be sent as the header
   * X-Tinker-Weights-Access-Token.
   */
  @ApiProperty({ example: 'tml-key-of-another-account' })
  @IsOptional()
  @IsString()
  weights_access_token?: string;
}

export class CopiedWeightsDto {
  /**
   * Path of the copy.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:1/weights/step-10
   */
  tinker_path!: string;
}
