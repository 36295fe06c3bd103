import { ApiProperty } from '@nestjs/swagger';
import { type KeyDetails, type KeySource } from '../../../keys/index.js';

export class KeyOrganizationDto {
  /**
   * Always: a server of one's own has no organizations.
   * @example Self-hosted
   */
  name!: string;
}

export class KeyUserDto {
  /**
   * The key's id, in place of an address: nobody registers here. "local" where no key is asked for.
   * @example key_0123456789abcdef
   */
  email!: string;
}

export class KeyHolderDto {
  /** Whose users there are. */
  @ApiProperty({ type: KeyOrganizationDto })
  org_details!: KeyOrganizationDto;

  /** Whose key it is. */
  @ApiProperty({ type: KeyUserDto })
  user_details!: KeyUserDto;
}

/** What `tinker auth login` stores beside the key. */
export class OwnKeyDto {
  /**
   * The id as a number, as the SDK wants it; 0 where no key is asked for.
   * @example 20015998343868
   */
  key_id!: number;

  /**
   * The id as `npm run keys -- list` and the lists of this API show it; null where no key is asked for.
   * @example key_0123456789abcdef
   */
  @ApiProperty({ type: String, nullable: true, example: 'key_0123456789abcdef' })
  id!: string | null;

  /**
   * As given to `npm run keys -- create`.
   * @example alice
   */
  name!: string;

  /**
   * Where it comes from, and so who can revoke it.
   * @example "Made with npm run keys."
   */
  note!: string;

  /** When it was made; null for a key of the server's settings. */
  @ApiProperty({ type: String, nullable: true, example: '2026-11-23T10:15:30.000Z' })
  created_at!: string | null;

  /** Whose it is. */
  @ApiProperty({ type: KeyHolderDto })
  details!: KeyHolderDto;
}

const NOTES: Readonly<Record<KeySource, string>> = {
  made: 'Created with npm run keys.',
  configured: "Part of the server's settings (API_KEYS or ADMIN_KEYS).",
  none: 'The server requires no key.',
};

/** So many hex digits make a number that JSON's readers keep exactly (52 bits). */
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
