import { Column, CreateDateColumn, Entity, PrimaryColumn, Unique } from 'typeorm';
import { type OwnLimits } from '../limits/key-limits.js';
import { type KeyScope } from '../scopes/key-scope.js';

/** An API key that an operator created. The key itself is told once and stored nowhere. */
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

  @Column({ type: 'text', array: true, default: () => "'{train,sample,read}'" })
  scopes!: KeyScope[];

  /** How urgent its operations are: -1 low, 0 normal, 1 high. */
  @Column({ type: 'smallint', default: 0 })
  priority!: number;

  /** What is left out is as the settings of the server have it. */
  @Column({ type: 'jsonb', default: {} })
  limits!: OwnLimits;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;

  /** From then on it is refused; null: never. */
  @Column({ name: 'expires_at', type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;

  /** Of its latest request, to about a minute. */
  @Column({ name: 'last_used_at', type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;

  @Column({ name: 'revoked_at', type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
