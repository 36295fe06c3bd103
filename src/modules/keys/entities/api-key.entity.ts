import { Column, CreateDateColumn, Entity, PrimaryColumn, Unique } from 'typeorm';

/** An API key that was made with `npm run keys -- create`. The key itself is told once and stored nowhere. */
@Entity('api_keys')
@Unique('api_keys_hash', ['hash'])
export class ApiKeyEntity {
  /** `key_<16 hex digits of the hash>`; also the owner of what the key makes. */
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'api_keys_pkey' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  /** SHA-256 of the key, hex. Keys are 256 random bits, so a slow hash would add nothing. */
  @Column({ type: 'text' })
  hash!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
