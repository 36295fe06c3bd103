import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { UNSETTLED } from '../../../database/unsettled.js';

/** A folder of an adapter in the checkpoint store: `<kind>/<adapter>/<name>`. */
export interface AdapterFolder {
  readonly path: string;
  /** Written so long ago that whoever wrote it would have named it in a row by now. */
  readonly old: boolean;
}

/** Which folders of adapters the rows name. */
@Injectable()
export class FolderRepository {
  constructor(private readonly database: DataSource) {}

  /**
   * Of these folders, which must have been listed before, those that no row names and none will. A young one counts
   * where that is certain:
   * - `<position>-<lease>` and `<save>-<lease>` of an outdated lease: the row of such a one is refused.
   * - the id of a save that has ended: the row is written before the result.
   * A save that waits or runs may be about to name its folder, so that one is left alone.
   */
  async findOrphans(adapterId: string, folders: readonly AdapterFolder[]): Promise<string[]> {
    const rows: { path: string }[] = await this.database.query(
      `SELECT folder.path FROM unnest($2::text[], $3::boolean[]) AS folder (path, old)
       LEFT JOIN adapters adapter ON adapter.id = $1
       LEFT JOIN futures future ON future.request_id = split_part(split_part(folder.path, '/', 3), '-', 1)
       WHERE NOT EXISTS (SELECT FROM adapter_snapshots named WHERE named.adapter_id = $1 AND named.path = folder.path)
         AND NOT EXISTS (SELECT FROM checkpoints named WHERE named.adapter_id = $1 AND named.path = folder.path)
         AND (substring(folder.path FROM '/[^/-]+-([0-9]{1,18})$')::bigint < adapter.lease
              OR coalesce(future.status NOT IN ${UNSETTLED}, folder.old))`,
      [adapterId, folders.map(({ path }) => path), folders.map(({ old }) => old)],
    );
    return rows.map(({ path }) => path);
  }
}
