import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';
import { EXPORT_FORMATS, type ExportFormat } from '../export-order.js';

export class ExportAdapterQueryDto {
  /** `peft`: the adapter as PEFT saves it. `merged`: the base model's folder with the adapter merged into its weights. */
  @ApiProperty({ example: 'peft', enum: EXPORT_FORMATS, default: 'peft' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format?: ExportFormat;

  /** A checkpoint of the adapter, `weights/<name>` or `sampler_weights/<name>`. Default: the adapter as it is. */
  @ApiProperty({ example: 'weights/step-10' })
  @IsOptional()
  @IsString()
  checkpoint?: string;
}
