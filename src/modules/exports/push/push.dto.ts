import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, IsString, Matches } from 'class-validator';
import { ExportAdapterQueryDto } from '../dto/export-adapter.dto.js';

export class PushAdapterDto extends ExportAdapterQueryDto {
  /** Model repository on the hub, `owner/name`. It is created if it does not exist. */
  @ApiProperty({ example: 'alice/my-model' })
  @Matches(/^[\w-][\w.-]{0,95}\/[\w-][\w.-]{0,95}$/, { message: 'repo must be owner/name' })
  repo!: string;

  /**
   * Your access token for the hub, with write permission. It is used for this push only, and neither logged nor stored.
   */
  @ApiProperty({ example: 'hf_...' })
  @IsString()
  token!: string;

  /** Whether a new repository is private. An existing one is not changed. */
  @ApiProperty({ default: true, example: true })
  @IsOptional()
  @IsBoolean()
  private?: boolean;
}

export class PushedDto {
  /**
   * Repository that was written to.
   * @example alice/my-model
   */
  repo!: string;

  /**
   * URL of its page.
   * @example https://huggingface.co/alice/my-model
   */
  url!: string;

  /**
   * Hash of the commit.
   * @example 0123456789abcdef0123456789abcdef01234567
   */
  commit!: string;

  /** Files that were written. */
  @ApiProperty({ type: [String], example: ['adapter_config.json', 'adapter_model.safetensors', 'README.md'] })
  files!: string[];
}
