import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Matches } from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { AcceptsUnknownFields } from '../../../common/http/validation/accepts-unknown-fields.js';
import { EVENT_LEVELS } from '../entities/job-event.entity.js';

export class JobEventDto {
  /** Id of the event. */
  @ApiProperty({ example: 'ftevent-120' })
  id!: string;

  /** Kind of the object. */
  @ApiProperty({ enum: ['fine_tuning.job.event'], example: 'fine_tuning.job.event' })
  object!: 'fine_tuning.job.event';

  /** Seconds since 1970. */
  @ApiProperty({ example: 1795910400 })
  created_at!: number;

  /** Severity of the event. */
  @ApiProperty({ enum: EVENT_LEVELS, example: 'info' })
  level!: string;

  /** Text of the event. */
  @ApiProperty({ example: 'Step 12/300: training loss=1.2041' })
  message!: string;

  /** Whether `data` holds metrics. */
  @ApiProperty({ enum: ['message', 'metrics'], example: 'metrics' })
  type!: string;

  /** Metrics, or details of the message. */
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    nullable: true,
    example: { step: 12, total_steps: 300, train_loss: 1.2041 },
  })
  data!: Readonly<Record<string, unknown>> | null;
}

export class JobEventListDto {
  /** Kind of the object. */
  @ApiProperty({ enum: ['list'], example: 'list' })
  object!: 'list';

  /** Newest first. */
  @ApiProperty({ type: [JobEventDto] })
  data!: JobEventDto[];

  /** Whether more follow. */
  @ApiProperty({ example: false })
  has_more!: boolean;
}

@AcceptsUnknownFields()
export class ListJobEventsDto {
  /** Id of the last event of the previous page. */
  @ApiProperty({ example: 'ftevent-120', pattern: '^ftevent-[0-9]{1,15}$' })
  @IsOptional()
  @Matches(/^ftevent-[0-9]{1,15}$/, { message: '$property must be the id of an event, such as ftevent-120' })
  after?: string;

  /** Events per page. */
  @ApiProperty({ default: 20, example: 20 })
  @PageSize(1000)
  limit?: number;
}
