import { type FutureSummary, toFutureDto } from '../futures/index.js';
import { type SettledEventDto } from './dto/settled-event.dto.js';

/** Null: more operations than can be told. */
export function presentSettled(operations: readonly FutureSummary[] | null): SettledEventDto {
  return { operations: operations?.map(toFutureDto) ?? [], missed: operations === null };
}
