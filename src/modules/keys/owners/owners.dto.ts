import { ApiProperty } from '@nestjs/swagger';
import { IsString } from 'class-validator';
import { type OwnerDetails } from './owners.service.js';
import { type Belongings } from './ownership.js';

export class BelongingsDto {
  /**
   * Live adapters.
   * @example 2
   */
  adapters!: number;

  /**
   * Named checkpoints.
   * @example 5
   */
  checkpoints!: number;

  /**
   * Sessions of the Tinker SDK.
   * @example 1
   */
  sessions!: number;

  /**
   * Formula losses.
   * @example 0
   */
  losses!: number;

  /**
   * Files of training data and of results.
   * @example 3
   */
  files!: number;

  /**
   * Aliases.
   * @example 1
   */
  aliases!: number;

  /**
   * Captured sampling requests.
   * @example 0
   */
  captures!: number;
}

export class OwnerDto extends BelongingsDto {
  /**
   * Id of the key; empty for resources created without keys.
   * @example key_0123456789abcdef
   */
  owner!: string;

  /** Name of the key; null for a key of API_KEYS or ADMIN_KEYS, and for a key that no longer exists. */
  @ApiProperty({ type: String, nullable: true, example: 'alice' })
  name!: string | null;

  /**
   * Bytes that checkpoints, states of adapters and files take.
   * @example 73400320
   */
  stored_bytes!: number;

  /**
   * Tokens of prompts, in the last 7 days.
   * @example 2400
   */
  prompt_tokens!: number;

  /**
   * Tokens trained in the last 7 days.
   * @example 60000
   */
  trained_tokens!: number;

  /**
   * Tokens sampled in the last 7 days.
   * @example 900
   */
  sampled_tokens!: number;

  /**
   * Milliseconds from the start of each operation to its end, in the last 7 days; those that ran side by side count each.
   * @example 84000
   */
  running_ms!: number;
}

export class OwnersDto {
  /** All owners of resources. */
  @ApiProperty({ type: [OwnerDto] })
  owners!: OwnerDto[];
}

export class HandOverDto {
  /**
   * Name or id of the key to transfer from; empty for resources created without keys.
   * @example ""
   */
  @IsString()
  from!: string;

  /**
   * Name or id of the key to transfer to.
   * @example alice
   */
  @IsString()
  to!: string;
}

export class HandedOverDto extends BelongingsDto {
  /**
   * Id of the new owner.
   * @example key_0123456789abcdef
   */
  owner!: string;
}

export class AdapterHandOverDto {
  /**
   * Name or id of the key to transfer to.
   * @example alice
   */
  @IsString()
  to!: string;
}

export class AdapterHandedOverDto {
  /**
   * Id of the adapter.
   * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
   */
  adapter_id!: string;

  /**
   * Name of the adapter.
   * @example my-model
   */
  model_id!: string;

  /**
   * Id of the former owner; empty for an adapter created without keys.
   * @example key_fedcba9876543210
   */
  from!: string;

  /**
   * Id of the new owner.
   * @example key_0123456789abcdef
   */
  owner!: string;

  /**
   * Checkpoints that were transferred with it.
   * @example 2
   */
  checkpoints!: number;
}

export function toOwnerDto({ owner, name, ...totals }: OwnerDetails): OwnerDto {
  return {
    owner,
    name,
    ...toBelongingsDto(totals),
    stored_bytes: totals.storedBytes,
    prompt_tokens: totals.promptTokens,
    trained_tokens: totals.trainedTokens,
    sampled_tokens: totals.sampledTokens,
    running_ms: totals.runningMs,
  };
}

export function toBelongingsDto(belongings: Belongings): BelongingsDto {
  const { adapters, checkpoints, sessions, losses, files, aliases, captures } = belongings;
  return { adapters, checkpoints, sessions, losses, files, aliases, captures };
}
