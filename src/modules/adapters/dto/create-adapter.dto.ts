import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsObject, IsOptional, IsPositive, IsString, Min, ValidateNested } from 'class-validator';
import { LoraConfigDto } from './lora-config.dto.js';

export class CreateAdapterDto {
  /** Base model to adapt, see GET /get_server_capabilities. Default: the first one of the server. */
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

  /** LoRA settings. Default: rank 16, alpha 32 on q_proj and v_proj. */
  @ApiProperty({ type: LoraConfigDto, example: { rank: 16, alpha: 32, target_modules: ['q_proj', 'v_proj'] } })
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => LoraConfigDto)
  lora_config?: LoraConfigDto;

  /** Same as lora_config.rank, for clients of the original API. */
  @ApiProperty({ minimum: 1, example: 16 })
  @IsOptional()
  @IsInt()
  @Min(1)
  rank?: number;

  /** Same as lora_config.alpha, for clients of the original API. */
  @ApiProperty({ example: 32 })
  @IsOptional()
  @IsNumber({ allowNaN: false, allowInfinity: false })
  @IsPositive()
  alpha?: number;
}
