import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, IsString } from 'class-validator';

export class ImportAdapterQueryDto {
  /** Name of the new adapter. Default: generated. */
  @ApiProperty({ example: 'my-model' })
  @IsOptional()
  @IsString()
  model_id?: string;

  /** Base model of the adapter. Default: the one named in adapter_config.json. */
  @ApiProperty({ example: 'HuggingFaceTB/SmolLM2-135M-Instruct' })
  @IsOptional()
  @IsString()
  base_model?: string;
}
