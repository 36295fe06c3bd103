import { applyDecorators } from '@nestjs/common';
import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { ValidateBy } from 'class-validator';
import { isSeed, MAX_SEED_DIGITS } from '../../../domain/seed.js';

export const SEED_SCHEMA = {
  oneOf: [{ type: 'integer' }, { type: 'string', pattern: `^-?\\d{1,${MAX_SEED_DIGITS}}$` }],
} satisfies ApiPropertyOptions;

/** An integer of any size, as a number (all its digits count) or as a string of digits; toSeed makes a seed of it. */
export const IsSeed = () =>
  ValidateBy({
    name: 'isSeed',
    validator: { validate: isSeed, defaultMessage: () => '$property must be an integer, or a string of its digits' },
  });

/** The same with its documentation. */
export const SeedProperty = (options: Pick<ApiPropertyOptions, 'default'> = {}) =>
  applyDecorators(ApiProperty({ ...SEED_SCHEMA, ...options, example: 42 }), IsSeed());
