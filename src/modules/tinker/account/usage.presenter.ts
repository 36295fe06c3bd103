import { Injectable } from '@nestjs/common';
import { currentOwner, NO_OWNER } from '../../../common/caller.js';
import { invalid } from '../../../common/json/json-fields.js';
import { CheckpointLibrary } from '../../checkpoints/index.js';
import { type SessionEntity, SessionsService } from '../../sessions/index.js';
import { type UsageHourEntity, UsageRepository } from '../../usage/index.js';
import { textValues } from '../records/dto/run.dto.js';
import { type StorageItemDto, type UsageDto, type UsageEventDto, type UsageInfo } from './dto/usage.dto.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_DAYS = 14;
const BYTES_PER_GIGABYTE = 1e9;

/** The caller's usage in the words of the Tinker API. */
@Injectable()
export class TinkerUsage {
  constructor(
    private readonly usage: UsageRepository,
    private readonly sessions: SessionsService,
    private readonly checkpoints: CheckpointLibrary,
  ) {}

  /** @throws InvalidRequestError for a window that is none, or too long */
  async events(startingOn: string | undefined, endingBefore: string | undefined): Promise<UsageDto> {
    const [from, to] = toWindow(startingOn, endingBefore);
    const hours = await this.usage.findHours(currentOwner(), from, to);
    const sessions = await this.sessions.findAll([...new Set(hours.map(({ sessionId }) => sessionId))]);
    const byId = new Map(sessions.map((session) => [session.id, session]));
    const data = hours.flatMap((hour) => toEvents(hour, byId.get(hour.sessionId)));
    return {
      data: data.sort((a, b) => a.bucket_start.localeCompare(b.bucket_start) || amountOf(b) - amountOf(a)),
      sessions: Object.fromEntries(
        sessions.map(({ id, userMetadata }) => [id, { user_metadata: userMetadata && textValues(userMetadata) }]),
      ),
    };
  }

  /** What the caller's checkpoints take now, by project. */
  async storage(projectId: string | undefined): Promise<StorageItemDto[]> {
    const sizes = await this.checkpoints.sizesBySession();
    const sessions = await this.sessions.findAll(sizes.flatMap(({ sessionId }) => sessionId ?? []));
    const projects = new Map(sessions.map((session) => [session.id, session.projectId]));
    const items = new Map<string | null, StorageItemDto>();
    for (const { sessionId, count, bytes } of sizes) {
      const project = projects.get(sessionId ?? '') ?? null;
      if (projectId !== undefined && project !== projectId) continue;
      const { checkpoint_count = 0, size_bytes = 0 } = items.get(project) ?? {};
      items.set(project, toStorageItem(project, checkpoint_count + count, size_bytes + bytes));
    }
    return [...items.values()];
  }
}

function toWindow(startingOn: string | undefined, endingBefore: string | undefined): [Date, Date] {
  const nextHour = Math.ceil((Date.now() + 1) / HOUR_MS) * HOUR_MS;
  const to = endingBefore === undefined ? nextHour : Date.parse(endingBefore);
  const from = startingOn === undefined ? to - DAY_MS : Date.parse(startingOn);
  // A leap second is RFC 3339, but no Date.
  if (!(from < to)) throw invalid('ending_before', 'is not after starting_on.', 'Pass a later hour.');
  if (to - from > MAX_DAYS * DAY_MS) {
    const remedy = 'Request a shorter period.';
    throw invalid('ending_before', `is more than ${MAX_DAYS} days after starting_on.`, remedy);
  }
  return [new Date(from), new Date(to)];
}

function toEvents(row: UsageHourEntity, session: SessionEntity | undefined): UsageEventDto[] {
  const envelope = {
    bucket_start: row.hour.toISOString(),
    bucket_end: new Date(row.hour.getTime() + HOUR_MS).toISOString(),
    base_model: row.baseModel,
    user_id: userOf(row.owner),
    session_id: row.sessionId === '' ? null : row.sessionId,
    project_id: session?.projectId ?? null,
    model_id: row.modelId,
    kind: row.kind,
    requests: row.requests,
    running_seconds: row.runningMs / 1000,
  };
  return infoOf(row).map((event_info) => ({ ...envelope, event_info }));
}

/** Requests that neither work on tokens nor save anything are no events: the API has no word for them. */
function infoOf({ kind, requests, promptTokens, trainedTokens, sampledTokens }: UsageHourEntity): UsageInfo[] {
  switch (kind) {
    case 'forward':
    case 'forward_backward':
      return [{ type: 'training', token_count: trainedTokens }];
    case 'generate':
      return [
        { type: 'sampling_prefill', cached: false, token_count: promptTokens },
        { type: 'sampling_sample', token_count: sampledTokens },
      ];
    case 'save_weights':
    case 'save_weights_for_sampler':
    case 'save_weights_external':
      return [{ type: 'checkpoint', count: requests }];
    case 'create_adapter':
    case 'unload_adapter':
    case 'delete_adapter':
    case 'optim_step':
    case 'load_weights':
    case 'rewind_adapter':
      return [];
    default:
      return kind satisfies never;
  }
}

function amountOf({ event_info: info }: UsageEventDto): number {
  return info.type === 'checkpoint' ? 0 : info.token_count;
}

function toStorageItem(project_id: string | null, checkpoint_count: number, size_bytes: number): StorageItemDto {
  const org_user_urn = userOf(currentOwner());
  return { project_id, org_user_urn, checkpoint_count, size_bytes, size_gigabytes: size_bytes / BYTES_PER_GIGABYTE };
}

function userOf(owner: string): string | null {
  return owner === NO_OWNER ? null : owner;
}
