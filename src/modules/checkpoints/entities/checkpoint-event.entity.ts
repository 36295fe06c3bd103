import { Column, CreateDateColumn, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export type CheckpointEventName =
  | 'checkpoint_copy'
  | 'checkpoint_publish'
  | 'checkpoint_unpublish'
  | 'checkpoint_set_ttl'
  | 'checkpoint_delete'
  | 'checkpoint_expire';

/** Something done with a checkpoint, for the audit log. It outlives the checkpoint. */
@Entity('checkpoint_events')
@Index('checkpoint_events_log', ['owner', 'createdAt'])
export class CheckpointEventEntity {
  @PrimaryGeneratedColumn({ type: 'bigint', primaryKeyConstraintName: 'checkpoint_events_pkey' })
  id!: string;

  @Column({ type: 'text' })
  owner!: string;

  @Column({ type: 'text' })
  event!: CheckpointEventName;

  @Column({ name: 'model_id', type: 'text' })
  modelId!: string;

  /** tinker://... */
  @Column({ type: 'text' })
  path!: string;

  /** What else is to be known of it, by name. */
  @Column({ type: 'jsonb' })
  details!: Readonly<Record<string, string | number | null>>;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
