import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';

export class CaptureSettingsDto {
  /**
   * Whether sampling requests of this key are captured.
   * @example true
   */
  enabled!: boolean;

  /**
   * Captures are deleted after this many days, with their feedback.
   * @example 30
   */
  retention_days!: number;
}

export class ChangeCaptureSettingsDto {
  /** Whether to capture the sampling requests of this key from now on. Omitted: unchanged. */
  @ApiProperty({ type: Boolean, example: true })
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;

  /** Days after which captures are deleted, including existing ones. Omitted: unchanged. */
  @ApiProperty({ minimum: 1, maximum: 3650, default: 30, example: 30 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(3650)
  retention_days?: number;
}
