import { type ProcessMemory } from '../../common/process-memory.js';
import { type OpenOperation } from '../futures/index.js';
import { type WorkerMemory } from '../workers/index.js';
import { type OpenOperationDto, type OverviewDto } from './dto/overview.dto.js';
import { type OverviewWorkerDto, type WorkerMemoryDto } from './dto/overview-worker.dto.js';
import { type Overview } from './overview.service.js';

const MB = 2 ** 20;

export function presentOverview(overview: Overview, isOperator: boolean): OverviewDto {
  const { open, waiting, running, settled, rates, adapters, storage, memory } = overview;
  const { byWorker, ...counts } = adapters;
  const ages = open.flatMap(({ waitedS }) => (waitedS === null ? [] : [waitedS]));
  return {
    at: new Date().toISOString(),
    scope: isOperator ? 'all' : 'own',
    workers: overview.workers.map((worker) => presentWorker(worker, isOperator ? byWorker : null)),
    queue: {
      standstill: overview.standstill,
      pending: open.reduce((sum, { pending }) => sum + pending, 0),
      running: open.reduce((sum, one) => sum + one.running, 0),
      oldest_pending_s: ages.reduce<number | null>((oldest, age) => Math.max(oldest ?? 0, age), null),
      by_kind: open.map(({ kind, pending, running }) => ({ kind, pending, running })),
      waiting: waiting.map((one) => ({ ...presentOpen(one), reason: one.reason })),
      in_progress: running.map(presentOpen),
      settled_last_minute: settled.settled,
      failed_last_minute: settled.failed,
    },
    rates: rates && {
      trained_tokens_per_s: rates.trainedTokens,
      sampled_tokens_per_s: rates.sampledTokens,
      prompt_tokens_per_s: rates.promptTokens,
    },
    adapters: counts,
    memory: {
      ...presentProcessMemory(memory),
      disk_free_mb: storage.freeBytes === null ? null : Math.floor(storage.freeBytes / MB),
      disk_writable: storage.writable,
    },
  };
}

/** Which machines there are, and what they hold of others, is for operators. */
function presentWorker(
  worker: Overview['workers'][number],
  byWorker: Overview['adapters']['byWorker'] | null,
): OverviewWorkerDto {
  return {
    id: worker.id,
    hostname: byWorker && worker.hostname,
    engine: worker.engine,
    device: worker.device,
    ranks: worker.ranks,
    base_models: worker.baseModels.map(({ name }) => name),
    adapters: byWorker && (byWorker.get(worker.id) ?? 0),
    memory: byWorker && worker.memory && presentMemory(worker.memory),
    draining: worker.drainingSince !== null,
    started_at: worker.startedAt.toISOString(),
  };
}

function presentMemory({ ranks, ...memory }: WorkerMemory): WorkerMemoryDto {
  return {
    ...presentProcessMemory(memory),
    ranks: ranks.map(({ rank, host, processBytes: own, gpu }) => ({
      rank,
      host,
      process_mb: toMb(own),
      gpu_held_mb: gpu && toMb(gpu.heldBytes),
      gpu_total_mb: gpu && toMb(gpu.totalBytes),
    })),
  };
}

function presentProcessMemory({ processBytes, freeBytes, totalBytes }: ProcessMemory) {
  return { process_mb: toMb(processBytes), free_mb: toMb(freeBytes), total_mb: toMb(totalBytes) };
}

function toMb(bytes: number): number {
  return Math.round(bytes / MB);
}

function presentOpen({ requestId, modelId, kind, seconds }: OpenOperation): OpenOperationDto {
  return { request_id: requestId, model_id: modelId, kind, seconds: Math.max(0, seconds) };
}
