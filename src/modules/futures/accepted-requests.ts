import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { whenDatabaseIsBack } from '../../database/outage.js';
import { type OperationData } from '../../domain/operation-data.js';
import { decodeJsonPart } from '../../formats/operation-data.codec.js';
import { FutureEntity } from './entities/future.entity.js';

/** A JSON part with the largest definition of a loss (64 KB), escaped twice, fits; tensors stand behind it. */
const HEAD_BYTES = 512 * 1024;

/** What requests of the log say, for requests that may repeat them. */
@Injectable()
export class AcceptedRequests {
  constructor(@InjectRepository(FutureEntity) private readonly rows: Repository<FutureEntity>) {}

  /** The JSON part of the adapter's request with this number; null when there is none yet. */
  async jsonOf(adapterId: string, seqId: number): Promise<OperationData['json'] | null> {
    const found: { head: Buffer }[] = await whenDatabaseIsBack(() =>
      this.rows.query(
        `SELECT substring(request FROM 1 FOR $3) AS head FROM futures WHERE adapter_id = $1 AND seq_id = $2`,
        [adapterId, seqId, HEAD_BYTES],
      ),
    );
    return found[0] === undefined ? null : decodeJsonPart(found[0].head);
  }
}
