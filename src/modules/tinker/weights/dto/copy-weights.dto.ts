import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { IsStorable } from '../../../../common/http/validation/is-storable.js';
import { MAX_TTL_S } from './weights.dto.js';

@AcceptsUnknownFields()
export class CopyWeightsDto {
  /**
   * The checkpoint, of any kind: an own one, a public one, or one that weights_access_token may read.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
   */
  @IsString()
  source_path!: string;

  /** The session in which the copy's run is made. */
  @ApiProperty({ example: 'session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC' })
  @IsOptional()
  @IsString()
  session_id?: string;

  /** Number of the copy's run in its session; must be free. */
  @ApiProperty({ minimum: 0, example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  model_seq_id?: number;

  /** Without session_id: the project of the new session in which the copy's run is made. */
  @ApiProperty({ example: 'project-1' })
  @IsOptional()
  @IsString()
  @IsStorable()
  destination_project_id?: string;

  /** Deletes the copy after this many seconds, whatever is set for the source; never when left out. */
  @ApiProperty({ minimum: 1, example: 604800 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_S)
  ttl_seconds?: number;

  /** A key of the account that may read the checkpoint, where that is another one. Or as the header X-Tinker-Weights-Access-Token. */
  @ApiProperty({ example: 'tml-key-of-another-account' })
  @IsOptional()
  @IsString()
  weights_access_token?: string;
}

export class CopiedWeightsDto {
  /**
   * Where the copy is.
   * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:1/weights/step-10
   */
  tinker_path!: string;
}
