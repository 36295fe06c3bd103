import { unixSeconds } from '../../../common/unix-seconds.js';
import { type JobEventEntity } from '../entities/job-event.entity.js';
import { type JobMetricsRowDto } from '../dto/job-metrics.dto.js';

export function presentMetrics({ position, createdAt, data }: JobEventEntity): JobMetricsRowDto {
  return { ...(data ?? {}), id: position, created_at: unixSeconds(createdAt) } as JobMetricsRowDto;
}
