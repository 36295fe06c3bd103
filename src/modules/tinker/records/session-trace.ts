import { Injectable } from '@nestjs/common';
import { type FutureSummary, FuturesService } from '../../futures/index.js';

/** Newest requests of a session that a trace shows: viewers hold all of it in memory. */
const MOST = 50_000;

/** An event of the Chrome trace format, which Perfetto and chrome://tracing read. */
interface TraceEvent {
  readonly name: string;
  /** 'b' and 'e': begin and end of a span that may overlap others; 'M': a name for `tid`. */
  readonly ph: 'b' | 'e' | 'M';
  readonly pid: number;
  readonly tid: number;
  readonly cat?: string;
  readonly id?: string;
  /** Microseconds since 1970. */
  readonly ts?: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

/** A session's requests as a trace: one track per model, in it when each request waited and when it ran. */
@Injectable()
export class SessionTrace {
  constructor(private readonly futures: FuturesService) {}

  /** Of the caller's session. */
  async build(sessionId: string): Promise<{ traceEvents: TraceEvent[]; displayTimeUnit: 'ms' }> {
    const rows = (await this.futures.ofSession(sessionId, MOST)).reverse();
    const tracks = new Map<string, number>();
    for (const { modelId } of rows) if (!tracks.has(modelId)) tracks.set(modelId, tracks.size + 1);
    const names = [...tracks].map(([name, tid]): TraceEvent => {
      return { name: 'thread_name', ph: 'M', pid: 1, tid, args: { name } };
    });
    const now = new Date();
    return {
      traceEvents: [...names, ...rows.flatMap((row) => toSpans(row, tracks.get(row.modelId) ?? 0, now))],
      displayTimeUnit: 'ms',
    };
  }
}

/** The end of what is not over is now. */
function toSpans(row: FutureSummary, tid: number, now: Date): TraceEvent[] {
  const span = (name: string, from: Date, to: Date, args: TraceEvent['args']): TraceEvent[] => {
    const common = { name, pid: 1, tid, cat: row.kind, id: row.requestId };
    return [
      { ...common, ph: 'b', ts: from.getTime() * 1000, args },
      { ...common, ph: 'e', ts: to.getTime() * 1000 },
    ];
  };
  const end = row.finishedAt ?? now;
  const args = { request_id: row.requestId, status: row.status, seq_id: row.seqId, error: row.error?.code };
  return [
    ...span(`${row.kind} (waiting)`, row.createdAt, row.startedAt ?? end, args),
    ...(row.startedAt ? span(row.kind, row.startedAt, end, args) : []),
  ];
}
