import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

/** A client process that uses the Tinker API. It ends when its heartbeats stop; what it made stays. */
@Entity('sessions')
@Index('sessions_open', ['heartbeatAt'], { where: 'ended_at IS NULL' })
export class SessionEntity {
  /** `session_<ulid>` */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'sessions_pkey' })
  id!: string;

  @Column({ type: 'text' })
  owner!: string;

  @Column({ type: 'jsonb' })
  tags!: readonly string[];

  @Column({ name: 'user_metadata', type: 'jsonb', nullable: true })
  userMetadata!: Readonly<Record<string, unknown>> | null;

  @Column({ name: 'sdk_version', type: 'text' })
  sdkVersion!: string;

  @Column({ name: 'project_id', type: 'text', nullable: true })
  projectId!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'heartbeat_at', type: 'timestamptz', default: () => 'now()' })
  heartbeatAt!: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}
