import { ApiProperty } from '@nestjs/swagger';

export class TraceExportDto {
  /** Always ready; the trace is created when it is downloaded. */
  @ApiProperty({ enum: ['ready'], example: 'ready' })
  status!: 'ready';

  /**
   * Download URL, which needs no key and is valid for 15 minutes.
   * @example "http://127.0.0.1:8000/api/v1/traces/TOKEN"
   */
  url!: string;
}
