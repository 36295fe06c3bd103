import { Injectable } from '@nestjs/common';
import { type ProcessMemory, readProcessMemory } from '../../common/process-memory.js';
import { StorageCheck, type StorageCondition } from '../../storage/storage-check.js';
import { AdapterRepository, type AdapterCounts } from '../adapters/index.js';
import { BacklogRepository, type OpenCounts, type OpenOperation } from '../futures/index.js';
import { type WorkerEntity, WorkersService } from '../workers/index.js';
import { type TokenRates, TokenRatesService } from './token-rates.service.js';
import { whyItWaits } from './waiting.js';

/** Operations that are shown by name. */
const SHOWN = 8;
/** What was settled is counted over this many seconds. */
export const SETTLED_WINDOW_S = 60;

const KEPT_MS = 1000;

/** An operation that waits, and for what. */
export interface Waiting extends OpenOperation {
  readonly reason: string;
}

export interface Overview {
  readonly workers: readonly WorkerEntity[];
  /** Why no operation starts; null while they do. */
  readonly standstill: string | null;
  readonly open: readonly OpenCounts[];
  readonly waiting: readonly Waiting[];
  readonly running: readonly OpenOperation[];
  readonly settled: { readonly settled: number; readonly failed: number };
  readonly rates: TokenRates | null;
  readonly adapters: AdapterCounts;
  readonly storage: StorageCondition;
  /** Of the API process that answers. */
  readonly memory: ProcessMemory;
}

/** What the service does now: of everybody, or what is one owner's of it. */
@Injectable()
export class OverviewService {
  private readonly latest = new Map<
    string | undefined,
    { readonly at: number; readonly overview: Promise<Overview> }
  >();

  constructor(
    private readonly workers: WorkersService,
    private readonly backlog: BacklogRepository,
    private readonly adapters: AdapterRepository,
    private readonly storage: StorageCheck,
    private readonly rates: TokenRatesService,
  ) {}

  /** `owner`: undefined for everybody's. All who look within a second see the same. */
  describe(owner: string | undefined): Promise<Overview> {
    const now = performance.now();
    for (const [one, { at }] of this.latest) if (now - at > KEPT_MS) this.latest.delete(one);
    const kept = this.latest.get(owner) ?? { at: now, overview: this.read(owner) };
    this.latest.set(owner, kept);
    return kept.overview;
  }

  private async read(owner: string | undefined): Promise<Overview> {
    const [workers, standstill, open, pending, running, settled, rates, adapters, storage] = await Promise.all([
      this.workers.listAlive(),
      this.workers.standstill(),
      this.backlog.countOpen(owner),
      this.backlog.findOpen('pending', owner, SHOWN),
      this.backlog.findOpen('running', owner, SHOWN),
      this.backlog.countSettled(owner, SETTLED_WINDOW_S),
      this.rates.rates(owner),
      this.adapters.countOf(owner),
      this.storage.condition(),
    ]);
    const reason = standstill?.reason ?? null;
    const waiting = pending.map((one) => ({ ...one, reason: whyItWaits(one, reason) }));
    const memory = readProcessMemory();
    return { workers, standstill: reason, open, waiting, running, settled, rates, adapters, storage, memory };
  }
}
