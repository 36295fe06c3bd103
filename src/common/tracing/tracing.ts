/**
 * Spans, wherever something takes time that an operator wants to see. The code that is traced knows this file alone: while
 * tracing is off, a span costs one comparison, and no package of OpenTelemetry is loaded.
 */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export type SpanKind = 'internal' | 'server' | 'client' | 'consumer';

export interface NewSpan {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes?: SpanAttributes;
  /** A W3C traceparent to go on from, or null to begin a trace; the span around this one when left out. */
  readonly parent?: string | null;
}

export interface OpenSpan {
  rename(name: string): void;
  set(attributes: SpanAttributes): void;
  /** Marks it as failed. Errors that its work throws do so by themselves. */
  fail(message: string): void;
}

/** What makes spans. */
export interface Tracing {
  /** Runs the work within a span, which ends when the promise settles. */
  span<T>(span: NewSpan, work: (span: OpenSpan) => Promise<T>): Promise<T>;
  /** Runs the work within a span that ends when `end` is called. */
  open(span: NewSpan, work: (span: OpenSpan & { readonly end: () => void }) => void): void;
  /** Adds a span of the past. */
  record(span: NewSpan, fromMsAgo: number): void;
  /** Runs the work outside of all spans. */
  detached<T>(work: () => T): T;
  /** Of the span around the caller. */
  traceparent(): string | null;
  stop(): Promise<void>;
}

let active: Tracing | null = null;

/** What makes spans; null while tracing is off. */
export function tracing(): Tracing | null {
  return active;
}

export function useTracing(next: Tracing | null): void {
  active = next;
}

/** Runs the work within a span, where tracing is on. */
export function traced<T>(name: string, work: () => Promise<T>, describe?: () => Omit<NewSpan, 'name'>): Promise<T> {
  return active === null ? work() : active.span({ name, ...describe?.() }, work);
}

/** Runs what belongs to no request, though a request has caused it, outside of all spans. */
export function untraced<T>(work: () => T): T {
  return active === null ? work() : active.detached(work);
}

/** The trace that the caller belongs to, for whoever goes on with it elsewhere; null while tracing is off. */
export function currentTraceparent(): string | null {
  return active?.traceparent() ?? null;
}

/** For lines of the log. */
export function currentTraceId(): string | undefined {
  return active?.traceparent()?.split('-')[1];
}
