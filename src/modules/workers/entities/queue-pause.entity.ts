import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An operator's order to all workers to start no operation. It holds while the row is there. */
@Entity('queue_pauses')
export class QueuePauseEntity {
  /** Always OPERATIONS_QUEUE: there is one. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'queue_pauses_pkey' })
  queue!: string;

  /** What clients that wait are told. */
  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  /** Id of the operator's key. */
  @Column({ name: 'paused_by', type: 'text' })
  pausedBy!: string;

  @Column({ name: 'paused_at', type: 'timestamptz', default: () => 'now()' })
  pausedAt!: Date;
}
