import { unixSeconds } from '../../../common/unix-seconds.js';
import { type JobEventEntity } from '../entities/job-event.entity.js';

/** Columns that every table of metrics has; others follow in the order in which they come up. */
const COLUMNS = [
  'kind',
  'step',
  'total_steps',
  'epoch',
  'train_loss',
  'valid_loss',
  'learning_rate',
  'grad_norm',
  'tokens',
];

/** A table with a line for every step and every epoch; what a row does not have is empty. */
export function metricsCsv(rows: readonly JobEventEntity[]): string {
  const others = rows.flatMap(({ data }) => Object.keys(data ?? {})).filter((name) => name !== 'full_valid_loss');
  const columns = [...new Set([...COLUMNS, ...others])];
  const lines = rows.map(({ data, createdAt }) =>
    [unixSeconds(createdAt), ...columns.map((name) => data?.[name] ?? '')].map(String).join(','),
  );
  return [['created_at', ...columns].join(','), ...lines, ''].join('\n');
}
