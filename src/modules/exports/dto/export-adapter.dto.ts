import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';
import { GGUF_OUTTYPES, type GgufOuttype } from '../../../exports/gguf/gguf-model.js';
import { EXPORT_FORMATS, type ExportFormat } from '../export-order.js';

export class ExportAdapterQueryDto {
  /**
   * `peft`: the adapter as PEFT saves it. `merged`: the base model's folder with the adapter merged into its weights. `gguf`:
   * the merged model for llama.cpp and Ollama. `gguf-adapter`: the adapter alone for llama.cpp and Ollama.
   */
  @ApiProperty({ example: 'peft', enum: EXPORT_FORMATS, default: 'peft' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format?: ExportFormat;

  /** Type of the weights in GGUF, with format=gguf only. */
  @ApiProperty({ example: 'q8_0', enum: GGUF_OUTTYPES, default: 'f16' })
  @IsOptional()
  @IsIn(GGUF_OUTTYPES)
  outtype?: GgufOuttype;

  /** A checkpoint of the adapter, `weights/<name>` or `sampler_weights/<name>`. Default: the adapter as it is. */
  @ApiProperty({ example: 'weights/step-10' })
  @IsOptional()
  @IsString()
  checkpoint?: string;
}
