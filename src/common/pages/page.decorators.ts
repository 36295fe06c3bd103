import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min } from 'class-validator';

/** A query parameter for the most entries that a page may have, with its bounds in the documentation. */
export const PageSize = (maximum = 500) => OptionalInteger(1, maximum);

/** A query parameter for `next_cursor` of a list that is ordered by a number. */
export const PositionCursor = () => OptionalInteger(1, Number.MAX_SAFE_INTEGER);

function OptionalInteger(minimum: number, maximum: number): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minimum, maximum }),
    IsOptional(),
    Type(() => Number),
    IsInt(),
    Min(minimum),
    Max(maximum),
  );
}
