import { ApiProperty } from '@nestjs/swagger';
import { type KeyDetails, type KeySource } from '../../../keys/index.js';

export class KeyOrganizationDto {
  /**
   * Always 'Self-hosted': this server has no organizations.
   * @example Self-hosted
   */
  name!: string;
}

export class KeyUserDto {
  /**
   * Id of the key instead of an email address; "local" if no key is required.
   * @example key_0123456789abcdef
   */
  email!: string;
}

export class KeyHolderDto {
  /** Organization of the key. */
  @ApiProperty({ type: KeyOrganizationDto })
  org_details!: KeyOrganizationDto;

  /** User of the key. */
  @ApiProperty({ type: KeyUserDto })
  user_details!: KeyUserDto;
}

/** What `tinker auth login` stores beside the key. */
export class OwnKeyDto {
  /**
   * Id of the key as a number, as the SDK expects it; 0 if no key is required.
   * @example 20015998343868
   */
  key_id!: number;

  /**
   * Id of the key, as in `npm run keys -- list` and the lists of this API; null if no key is required.
   * @example key_0123456789abcdef
   */
  @ApiProperty({ type: String, nullable: true, example: 'key_0123456789abcdef' })
  id!: string | null;

  /**
   * Name that the operator gave the key.
   * @example alice
   */
  name!: string;

  /**
   * Origin of the key, which determines who can revoke it.
   * @example "Created by the operator of the server."
   */
  note!: string;

  /** Creation time; null for a key of the server's settings. */
  @ApiProperty({ type: String, nullable: true, example: '2026-11-23T10:15:30.000Z' })
  created_at!: string | null;

  /** Owner of the key. */
  @ApiProperty({ type: KeyHolderDto })
  details!: KeyHolderDto;
}

const NOTES: Readonly<Record<KeySource, string>> = {
  made: 'Created by the operator of the server.',
  configured: "Part of the server's settings (API_KEYS or ADMIN_KEYS).",
  none: 'The server requires no key.',
};

/** Hex digits of a number that JSON readers represent exactly (52 bits). */
const EXACT_DIGITS = 13;

export function toOwnKeyDto({ id, name, createdAt, source }: KeyDetails): OwnKeyDto {
  return {
    key_id: Number.parseInt(id.slice('key_'.length).slice(0, EXACT_DIGITS), 16) || 0,
    id: id || null,
    name: name ?? source,
    note: NOTES[source],
    created_at: createdAt?.toISOString() ?? null,
    details: { org_details: { name: 'Self-hosted' }, user_details: { email: id || 'local' } },
  };
}
