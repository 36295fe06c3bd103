import { type AdapterEntity } from './entities/adapter.entity.js';

/** Part of a list of adapters. */
export interface AdapterPage {
  readonly adapters: readonly {
    readonly adapter: AdapterEntity;
    /** Whether operations of it wait or run. */
    readonly busy: boolean;
  }[];
  /** Where the next page begins; null on the last one. */
  readonly nextCursor: string | null;
}
