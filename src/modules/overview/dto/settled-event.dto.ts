import { ApiProperty } from '@nestjs/swagger';
import { FutureDto } from '../../futures/index.js';

/** The data of an event `settled`. */
export class SettledEventDto {
  /** Operations that have completed or failed, in the order of the log; empty if there are too many to list. */
  @ApiProperty({ type: [FutureDto] })
  operations!: FutureDto[];

  /**
   * Whether settled operations may be missing from the events: read the lists again.
   * @example false
   */
  missed!: boolean;
}
