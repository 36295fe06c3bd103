import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { type KeyLimits, type OwnLimits } from './key-limits.js';

const MAX_LIMIT = 1_000_000_000_000;
const MAX_BYTES = Number.MAX_SAFE_INTEGER;

const WIRE_NAMES = {
  requestsPerMinute: 'requests_per_minute',
  requestsPerDay: 'requests_per_day',
  tokensPerMinute: 'tokens_per_minute',
  tokensPerDay: 'tokens_per_day',
  concurrentOperations: 'concurrent_operations',
  adapters: 'adapters',
  storedBytes: 'stored_bytes',
} as const satisfies Readonly<Record<keyof KeyLimits, keyof KeyLimitsDto>>;
const LIMIT_KEYS = Object.keys(WIRE_NAMES) as (keyof KeyLimits)[];

function Limit(description: string, example: number, max = MAX_LIMIT): PropertyDecorator {
  const decorators = [
    ApiPropertyOptional({ type: 'integer', nullable: true, description, example }),
    IsOptional(),
    IsInt(),
    Min(1),
    Max(max),
  ];
  return (target, property) => decorators.forEach((decorate) => decorate(target, property));
}

/** Limits of a key; a limit that is left out is the server's default, and null means that there is none. */
export class KeyLimitsDto {
  @Limit('Requests per minute that train or sample.', 60)
  requests_per_minute?: number | null;

  @Limit('Requests per day (UTC) that train or sample.', 10_000)
  requests_per_day?: number | null;

  @Limit('Tokens trained and sampled per minute.', 100_000)
  tokens_per_minute?: number | null;

  @Limit('Tokens trained and sampled per day (UTC).', 10_000_000)
  tokens_per_day?: number | null;

  @Limit('Operations at a time that are accepted and not settled.', 32)
  concurrent_operations?: number | null;

  @Limit('Adapters at a time, at most MAX_ADAPTERS_PER_KEY.', 10)
  adapters?: number | null;

  @Limit('Bytes at a time that checkpoints, states of adapters and files take together.', 10_737_418_240, MAX_BYTES)
  stored_bytes?: number | null;
}

export function readLimits(limits: KeyLimitsDto): OwnLimits {
  return Object.fromEntries(
    LIMIT_KEYS.flatMap((key) => {
      const value = limits[WIRE_NAMES[key]];
      return value === undefined ? [] : [[key, value]];
    }),
  );
}

export function toLimitsDto(limits: OwnLimits): KeyLimitsDto {
  return Object.fromEntries(
    LIMIT_KEYS.flatMap((key) => (limits[key] === undefined ? [] : [[WIRE_NAMES[key], limits[key]]])),
  );
}
