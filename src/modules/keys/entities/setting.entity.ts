import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A value that every process of the service must agree on and that no operator chooses. */
@Entity('settings')
export class SettingEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'settings_pkey' })
  name!: string;

  @Column({ type: 'text' })
  value!: string;
}
