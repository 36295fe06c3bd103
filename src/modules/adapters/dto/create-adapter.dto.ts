import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsObject, IsOptional, IsPositive, IsString, Min, ValidateNested } from 'class-validator';
import { LoraConfigDto } from './lora-config.dto.js';

export class CreateAdapterDto {
  /** Base model to adapt; the server's first one when left out. See GET /get_server_capabilities. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsOptional()
  @IsString()
  base_model?: string;

  /**
   * Your name for the adapter: 1 to 128 letters, digits, dots, dashes, underscores and colons, not beginning with a
   * dot. Generated as `<base model>_lora_<8 hex digits>` when left out.
   * @example my-model
   */
  @IsOptional()
  @IsString()
  model_id?: string;

  /** Shape of the adapter; rank 16, alpha 32 on q_proj and v_proj when left out. */
  @ApiProperty({ type: LoraConfigDto, example: { rank: 16, alpha: 32, target_modules: ['q_proj', 'v_proj'] } })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => LoraConfigDto)
  lora_config?: LoraConfigDto;

  /** Same as lora_config.rank, where clients of the original give it. */
  @ApiProperty({ minimum: 1, example: 16 })
  @IsOptional()
  @IsInt()
  @Min(1)
  rank?: number;

  /** Same as lora_config.alpha, where clients of the original give it. */
  @ApiProperty({ example: 32 })
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @IsPositive()
  alpha?: number;
}
