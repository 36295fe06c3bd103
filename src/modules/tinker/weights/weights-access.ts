import { Injectable } from '@nestjs/common';
import { currentOwner } from '../../../common/caller.js';
import { ApiKeys } from '../../keys/index.js';
import { WeightsAccessTokenError } from './weights-access-token.error.js';

/** Who may read the checkpoint that a request names: its sender, or the account of the token that it sends along. */
@Injectable()
export class WeightsAccess {
  constructor(private readonly keys: ApiKeys) {}

  /** @param token a key of that account. @throws WeightsAccessTokenError */
  async readerOf(token: string | null | undefined): Promise<string> {
    if ((token ?? '') === '') return currentOwner();
    const caller = await this.keys.callerOf(token ?? undefined);
    if (caller === null) throw new WeightsAccessTokenError();
    return caller.owner;
  }
}
