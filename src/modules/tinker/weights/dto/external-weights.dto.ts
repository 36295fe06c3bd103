import { ApiProperty } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { AcceptsUnknownFields } from '../../../../common/http/validation/accepts-unknown-fields.js';
import { IsAgeRecipient } from './is-age-recipient.js';
import { MAX_TTL_S } from './weights.dto.js';

@AcceptsUnknownFields()
export class TinkerSaveExternalDto {
  /**
   * The model.
   * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
   */
  @IsString()
  model_id!: string;

  /**
   * Name of the checkpoint; must be unused.
   * @example release
   */
  @IsString()
  path!: string;

  /** The client's number of the request: a repeat returns the first future. */
  @ApiProperty({ minimum: 0, example: 5 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seq_id?: number;

  /** Seconds until the checkpoint is deleted. Default: never. */
  @ApiProperty({ minimum: 1, example: 3600 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_TTL_S)
  ttl_seconds?: number;

  /** age recipients (`age1...`, no SSH keys): each file is encrypted to them and gets the suffix `.age`. */
  @ApiProperty({ type: [String], maxItems: 10, example: [] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsAgeRecipient({ each: true })
  age_encryption_recipients?: string[];
}

export class ExternalWeightsUrlsDto {
  /** URL of each file, by name. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { 'adapter_config.json': 'http://127.0.0.1:8000/api/v1/files/TOKEN' },
  })
  urls!: Record<string, string>;

  /**
   * Expiry time of the URLs.
   * @example 2026-11-23T10:30:30.000Z
   */
  expires!: string;
}
