import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsDefined,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { IsStorable } from '../../../common/http/validation/is-storable.js';

export class PromotionEvalDto {
  /**
   * Id of an uploaded file whose answers are scored: chats, or prompts and completions; at most 1000 rows.
   * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  @IsString()
  file!: string;

  /** Maximum by which the mean loss per token may exceed that of the current target. */
  @ApiProperty({ default: 0, minimum: 0, maximum: 100, example: 0 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(100)
  tolerance?: number;
}

export class PromotionDto {
  /**
   * Name of an adapter or a base model, or path of sampler weights.
   * @example my-model
   */
  @IsString()
  @IsStorable()
  @MinLength(1)
  @MaxLength(512)
  target!: string;

  /** How the two targets are compared. PUT /aliases/{alias} sets one without a comparison. */
  @ApiProperty({ type: PromotionEvalDto })
  @IsDefined()
  @ValidateNested()
  @Type(() => PromotionEvalDto)
  eval!: PromotionEvalDto;
}
