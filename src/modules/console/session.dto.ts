import { ApiProperty } from '@nestjs/swagger';
import { KEY_SCOPES, type KeyScope } from '../keys/index.js';

export class SessionDto {
  /**
   * Id of the key, which owns what it creates; empty if no key is required.
   * @example key_0123456789abcdef
   */
  key_id!: string;

  /** Name of the key, if it has one. */
  @ApiProperty({ type: String, nullable: true, example: 'alice' })
  key_name!: string | null;

  /**
   * Whether the server requires API keys. If not, nobody needs to log in.
   * @example true
   */
  asks_for_key!: boolean;

  /**
   * Whether the key is one of ADMIN_KEYS.
   * @example false
   */
  is_operator!: boolean;

  /** What the key may do. */
  @ApiProperty({ enum: KEY_SCOPES, isArray: true, example: ['train', 'sample', 'read'] })
  scopes!: KeyScope[];

  /**
   * Version of the service.
   * @example 0.1.0
   */
  version!: string;
}

export class SessionEndedDto {
  /**
   * Always "ended".
   * @example ended
   */
  status!: string;
}
