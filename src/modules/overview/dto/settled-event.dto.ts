import { ApiProperty } from '@nestjs/swagger';
import { FutureDto } from '../../futures/index.js';

/** The data of an event `settled`. */
export class SettledEventDto {
  /** Operations that were completed or have failed, in the order of the log; empty when too many were to name them. */
  @ApiProperty({ type: [FutureDto] })
  operations!: FutureDto[];

  /**
   * Whether operations may have been settled that no event has told of: read the lists again.
   * @example false
   */
  missed!: boolean;
}
