import { ApiProperty } from '@nestjs/swagger';
import { type KeyDetails, type KeySource } from '../own-key.js';
import { KEY_SCOPES, type KeyScope } from '../scopes/key-scope.js';
import { type LimitUse } from './own-limits.service.js';

export class LimitUseDto {
  /**
   * Name of the limit.
   * @example requests_per_minute
   */
  name!: string;

  /**
   * What the key may use.
   * @example 60
   */
  limit!: number;

  /**
   * What is used of it.
   * @example 12
   */
  used!: number;

  /**
   * What is left of it.
   * @example 48
   */
  remaining!: number;

  /** When `used` returns to 0; null for limits on what exists at a time. */
  @ApiProperty({ type: String, nullable: true, example: '2026-11-23T10:16:00.000Z' })
  resets_at!: string | null;
}

export class MyKeyDto {
  /**
   * Id of the key, which owns what it creates; empty on a server without keys.
   * @example key_0123456789abcdef
   */
  id!: string;

  /** Name of the key; null for one of the server's settings. */
  @ApiProperty({ type: String, nullable: true, example: 'alice' })
  name!: string | null;

  /** `made` by an operator, `configured` in the server's settings, or `none` on a server without keys. */
  @ApiProperty({ enum: ['made', 'configured', 'none'], example: 'made' })
  source!: KeySource;

  /** What the key may do. */
  @ApiProperty({ enum: KEY_SCOPES, isArray: true, example: ['train', 'sample', 'read'] })
  scopes!: KeyScope[];

  /** Time from which on the key is refused; null if it does not expire. */
  @ApiProperty({ type: String, nullable: true, example: '2030-01-31T00:00:00.000Z' })
  expires_at!: string | null;

  /** The limits of the key, and what is left of each. */
  @ApiProperty({ type: [LimitUseDto] })
  limits!: LimitUseDto[];
}

export function toMyKeyDto({ id, name, source, scopes, expiresAt }: KeyDetails, uses: readonly LimitUse[]): MyKeyDto {
  return {
    id,
    name,
    source,
    scopes: [...scopes],
    expires_at: expiresAt?.toISOString() ?? null,
    limits: uses.map((use) => ({
      name: use.name,
      limit: use.allowed,
      used: use.used,
      remaining: Math.max(use.allowed - use.used, 0),
      resets_at: use.resetsAt?.toISOString() ?? null,
    })),
  };
}
