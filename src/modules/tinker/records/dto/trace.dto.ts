import { ApiProperty } from '@nestjs/swagger';

export class TraceExportDto {
  /** Always ready: the trace is made when it is downloaded. */
  @ApiProperty({ enum: ['ready'], example: 'ready' })
  status!: 'ready';

  /**
   * Where it can be downloaded, without a key, for 15 minutes.
   * @example "http://127.0.0.1:8000/api/v1/traces/TOKEN"
   */
  url!: string;
}
