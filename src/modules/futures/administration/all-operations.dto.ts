import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601, IsOptional, IsString, MaxLength } from 'class-validator';
import { ListFuturesDto, OwnedFutureDto } from '../dto/future.dto.js';

export class ListAllOperationsDto extends ListFuturesDto {
  /**
   * Only requests of this key, by its id; empty for those sent without keys.
   * @example key_0123456789abcdef
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  owner?: string;

  /**
   * Only requests that were accepted at this time (ISO 8601) or later.
   * @example 2026-11-23T00:00:00Z
   */
  @IsOptional()
  @IsISO8601({ strict: true })
  from?: string;

  /**
   * Only requests that were accepted before this time (ISO 8601).
   * @example 2099-01-01T00:00:00Z
   */
  @IsOptional()
  @IsISO8601({ strict: true })
  to?: string;
}

export class OperationListDto {
  /** Newest first. */
  @ApiProperty({ type: [OwnedFutureDto] })
  operations!: OwnedFutureDto[];

  /**
   * Pass it as `cursor` to get the next page; null on the last page.
   * @example 1042
   */
  next_cursor!: number | null;
}
