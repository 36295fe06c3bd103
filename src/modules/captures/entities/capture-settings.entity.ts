import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Whether an owner's sampling requests are captured. Without a row they are not. */
@Entity('capture_settings')
export class CaptureSettingsEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'capture_settings_pkey' })
  owner!: string;

  @Column({ type: 'boolean' })
  enabled!: boolean;

  /** Days after which captures are deleted with their feedback. */
  @Column({ name: 'retention_days', type: 'integer' })
  retentionDays!: number;
}
