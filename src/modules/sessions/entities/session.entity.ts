import { Column, CreateDateColumn, Entity, Index, PrimaryColumn } from 'typeorm';

export const FINISH_REASONS = ['success', 'errored', 'interrupted'] as const;

export type FinishReason = (typeof FINISH_REASONS)[number];

/** The end of a session whose heartbeats stopped: it goes on when they come again. */
export const SILENT = 'silent';

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

  /** For people; need not be unique. */
  @Column({ name: 'display_name', type: 'text', nullable: true })
  displayName!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'heartbeat_at', type: 'timestamptz', default: () => 'now()' })
  heartbeatAt!: Date;

  @Column({ name: 'ended_at', type: 'timestamptz', nullable: true })
  endedAt!: Date | null;

  /** As the client said when it ended the session; null where it said nothing, and for one that goes on. */
  @Column({ name: 'finish_reason', type: 'text', nullable: true })
  finishReason!: FinishReason | typeof SILENT | null;

  /** The client's own words about the end. */
  @Column({ name: 'finish_detail', type: 'text', nullable: true })
  finishDetail!: string | null;
}
