import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayUnique,
  IsArray,
  IsIn,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  MinLength,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { PageSize } from '../../../common/pages/page.decorators.js';
import { IsStorable } from '../../../common/http/validation/is-storable.js';
import { type ApiKeyEntity } from '../entities/api-key.entity.js';
import { KeyLimitsDto, readLimits, toLimitsDto } from '../limits/limits.dto.js';
import { type KeyChange, type NewKey } from '../stored/key-records.js';
import { KEY_SCOPES, type KeyScope } from '../scopes/key-scope.js';

export const DEFAULT_KEYS_LIMIT = 50;

/** Numbers, so that the database can order by them. */
const PRIORITIES = { low: -1, normal: 0, high: 1 } as const;
type Priority = keyof typeof PRIORITIES;
const PRIORITY_NAMES = Object.keys(PRIORITIES) as Priority[];

export class ChangeKeyDto {
  /**
   * Name of the key, for people; it need not be unique.
   * @example alice
   */
  @ValidateIf(({ name }: ChangeKeyDto) => name !== undefined)
  @IsString()
  @IsStorable()
  @MinLength(1)
  @MaxLength(200)
  name?: string;

  /** What the key may do: `train` changes things, `sample` runs inference, `read` reads what the key owns. */
  @ApiPropertyOptional({ enum: KEY_SCOPES, isArray: true, example: ['sample', 'read'] })
  @ValidateIf(({ scopes }: ChangeKeyDto) => scopes !== undefined)
  @IsArray()
  @ArrayUnique()
  @IsIn(KEY_SCOPES, { each: true })
  scopes?: KeyScope[];

  /** ISO 8601 time from which on the key is refused; null for a key that does not expire. */
  @ApiPropertyOptional({ type: String, format: 'date-time', nullable: true, example: '2030-01-31T00:00:00Z' })
  @IsOptional()
  @IsISO8601({ strict: true })
  expires_at?: string | null;

  /** Share of the engine's time when several keys have work: each level gets four times as much as the one below. */
  @ApiPropertyOptional({ enum: PRIORITY_NAMES, example: 'normal' })
  @ValidateIf(({ priority }: ChangeKeyDto) => priority !== undefined)
  @IsIn(PRIORITY_NAMES)
  priority?: Priority;

  /** What the key may use; replaces all limits that the key has. */
  @ApiPropertyOptional({ type: KeyLimitsDto, example: { requests_per_minute: 60, tokens_per_day: 10_000_000 } })
  @ValidateIf(({ limits }: ChangeKeyDto) => limits !== undefined)
  @IsObject()
  @ValidateNested()
  @Type(() => KeyLimitsDto)
  limits?: KeyLimitsDto;
}

export class CreateKeyDto extends ChangeKeyDto {
  /**
   * Name of the key, for people; it need not be unique.
   * @example alice
   */
  @IsString()
  @IsStorable()
  @MinLength(1)
  @MaxLength(200)
  declare name: string;
}

export class ListKeysDto {
  /**
   * Keys per page.
   * @example 50
   */
  @PageSize()
  limit?: number = DEFAULT_KEYS_LIMIT;

  /**
   * `next_cursor` of the previous page.
   * @example key_0123456789abcdef
   */
  @IsOptional()
  @IsString()
  @Matches(/^key_[0-9a-f]{16}$/, { message: 'cursor must be the next_cursor of an earlier page' })
  cursor?: string;
}

export class KeyDto {
  /**
   * Id of the key, which is also the owner of what it creates.
   * @example key_0123456789abcdef
   */
  id!: string;

  /**
   * Name of the key.
   * @example alice
   */
  name!: string;

  /** What the key may do. */
  @ApiProperty({ enum: KEY_SCOPES, isArray: true, example: ['train', 'sample', 'read'] })
  scopes!: KeyScope[];

  /** Share of the engine's time when several keys have work: each level gets four times as much as the one below. */
  @ApiProperty({ enum: PRIORITY_NAMES, example: 'normal' })
  priority!: Priority;

  /** Limits of its own; those left out are the server's defaults. */
  @ApiProperty({ type: KeyLimitsDto, example: { requests_per_minute: 60 } })
  limits!: KeyLimitsDto;

  /**
   * `active`, `expired` or `revoked`; only active keys are accepted.
   * @example active
   */
  status!: 'active' | 'expired' | 'revoked';

  /**
   * Creation time.
   * @example 2026-11-23T10:15:30.000Z
   */
  created_at!: string;

  /** Time from which on the key is refused; null if it does not expire. */
  @ApiProperty({ type: String, nullable: true, example: '2030-01-31T00:00:00.000Z' })
  expires_at!: string | null;

  /** Time of its latest request, to about a minute; null if it has sent none. */
  @ApiProperty({ type: String, nullable: true, example: '2026-11-24T08:00:00.000Z' })
  last_used_at!: string | null;

  /** Time at which it was revoked; null if it was not. */
  @ApiProperty({ type: String, nullable: true, example: null })
  revoked_at!: string | null;
}

export class CreatedKeyDto extends KeyDto {
  /**
   * The key itself, for the header X-API-Key. It is shown only this once.
   * @example tml-7PZ2jEJ1qWgPC9xZcC5mD1dQZ3uRkqJY4m0xT8sVb2Q
   */
  secret!: string;
}

export class KeyListDto {
  /** Newest first. */
  @ApiProperty({ type: [KeyDto] })
  keys!: KeyDto[];

  /**
   * Pass it as `cursor` to get the next page; null on the last page.
   * @example key_0123456789abcdef
   */
  next_cursor!: string | null;
}

export class RevokedKeyDto {
  /**
   * Id of the key.
   * @example key_0123456789abcdef
   */
  id!: string;

  /**
   * Always revoked.
   * @example revoked
   */
  status!: 'revoked';
}

export function readNewKey({ name, ...rest }: CreateKeyDto): NewKey {
  return { ...readKeyChange(rest), name };
}

export function readKeyChange({ name, scopes, expires_at: expiresAt, priority, limits }: ChangeKeyDto): KeyChange {
  return {
    ...(name !== undefined && { name }),
    ...(scopes !== undefined && { scopes }),
    ...(expiresAt !== undefined && { expiresAt: expiresAt === null ? null : new Date(expiresAt) }),
    ...(priority !== undefined && { priority: PRIORITIES[priority] }),
    ...(limits !== undefined && { limits: readLimits(limits) }),
  };
}

export function toKeyDto(key: ApiKeyEntity): KeyDto {
  const { id, name, scopes, priority, limits, createdAt, expiresAt, lastUsedAt, revokedAt } = key;
  const isExpired = expiresAt !== null && expiresAt.getTime() <= Date.now();
  return {
    id,
    name,
    scopes,
    priority: PRIORITY_NAMES.find((one) => PRIORITIES[one] === priority) ?? 'normal',
    limits: toLimitsDto(limits),
    status: revokedAt !== null ? 'revoked' : isExpired ? 'expired' : 'active',
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
    last_used_at: lastUsedAt?.toISOString() ?? null,
    revoked_at: revokedAt?.toISOString() ?? null,
  };
}
