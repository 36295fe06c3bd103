import { Injectable } from '@nestjs/common';
import { readProcessMemory } from '../../../common/process-memory.js';
import { ComputeBackend } from '../../../compute/compute-backend.js';
import { type RankMemory } from '../../../domain/rank-memory.js';
import { type WorkerMemory } from '../../workers/index.js';

/** Memory of this worker for its heartbeats, which cannot wait: of its engine's ranks, what it answered last. */
@Injectable()
export class MemoryReader {
  private ranks: readonly RankMemory[] = [];
  private isAsking = false;

  constructor(private readonly backend: ComputeBackend) {}

  read(): WorkerMemory {
    void this.askRanks();
    return { ...readProcessMemory(), ranks: this.ranks };
  }

  private async askRanks(): Promise<void> {
    if (this.isAsking) return;
    this.isAsking = true;
    // An engine that has ended has no ranks; whoever starts it again says so in the log.
    this.ranks = await this.backend.measureRanks().catch(() => []);
    this.isAsking = false;
  }
}
