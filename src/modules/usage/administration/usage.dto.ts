import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601, IsOptional, IsString, MaxLength } from 'class-validator';
import { type DayOfUse } from '../usage.repository.js';

export class UsageByDayQueryDto {
  /**
   * Only that of this key, by its id; empty for usage without keys.
   * @example key_0123456789abcdef
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  owner?: string;

  /**
   * First day (UTC, ISO 8601); seven days ago by default.
   * @example 2026-11-23
   */
  @IsOptional()
  @IsISO8601({ strict: true })
  from?: string;

  /**
   * The day after the last one (UTC, ISO 8601); tomorrow by default.
   * @example 2026-11-30
   */
  @IsOptional()
  @IsISO8601({ strict: true })
  to?: string;
}

export class DayOfUseDto {
  /**
   * Id of the key; empty for usage without keys.
   * @example key_0123456789abcdef
   */
  owner!: string;

  /**
   * The day, in UTC.
   * @example 2026-11-23
   */
  day!: string;

  /**
   * Completed requests.
   * @example 120
   */
  requests!: number;

  /**
   * Tokens of prompts.
   * @example 2400
   */
  prompt_tokens!: number;

  /**
   * Tokens trained.
   * @example 60000
   */
  trained_tokens!: number;

  /**
   * Tokens sampled.
   * @example 900
   */
  sampled_tokens!: number;

  /**
   * Milliseconds from the start of each request to its end.
   * @example 84000
   */
  running_ms!: number;
}

export class UsageByDayDto {
  /** By day, then by key; days on which a key used nothing are left out. */
  @ApiProperty({ type: [DayOfUseDto] })
  usage!: DayOfUseDto[];
}

export function toDayOfUseDto(use: DayOfUse): DayOfUseDto {
  const { owner, day, requests, promptTokens, trainedTokens, sampledTokens, runningMs } = use;
  return {
    owner,
    day,
    requests,
    prompt_tokens: promptTokens,
    trained_tokens: trainedTokens,
    sampled_tokens: sampledTokens,
    running_ms: runningMs,
  };
}
