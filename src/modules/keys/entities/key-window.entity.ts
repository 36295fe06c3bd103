import { Column, Entity, PrimaryColumn } from 'typeorm';
import { bigintNumber } from '../../../database/column.transformers.js';

const COUNT = { type: 'bigint', transformer: bigintNumber } as const;

/** What a key with limits has used in the latest minute and day (UTC) in which it used anything. */
@Entity('key_windows')
export class KeyWindowEntity {
  @PrimaryColumn({ name: 'key_id', type: 'text', primaryKeyConstraintName: 'key_windows_pkey' })
  keyId!: string;

  /** Begin of the minute. */
  @Column({ type: 'timestamptz' })
  minute!: Date;

  @Column({ name: 'minute_requests', ...COUNT })
  minuteRequests!: number;

  /** Trained and sampled. */
  @Column({ name: 'minute_tokens', ...COUNT })
  minuteTokens!: number;

  /** Begin of the day. */
  @Column({ type: 'timestamptz' })
  day!: Date;

  @Column({ name: 'day_requests', ...COUNT })
  dayRequests!: number;

  @Column({ name: 'day_tokens', ...COUNT })
  dayTokens!: number;
}
