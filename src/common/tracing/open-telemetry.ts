import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind as Kind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { VERSION } from '../version.js';
import { type NewSpan, type OpenSpan, type SpanAttributes, type Tracing } from './tracing.js';

const KINDS = { internal: Kind.INTERNAL, server: Kind.SERVER, client: Kind.CLIENT, consumer: Kind.CONSUMER } as const;

/**
 * Starts OpenTelemetry, which reads its standard variables (OTEL_EXPORTER_OTLP_*, OTEL_RESOURCE_ATTRIBUTES,
 * OTEL_TRACES_SAMPLER, OTEL_BSP_*) by itself. Imported only where tracing is on.
 */
export function startOpenTelemetry(serviceName: string, attributes: SpanAttributes): Tracing {
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': serviceName, 'service.version': VERSION, ...attributes }))
    .merge(detectResources({ detectors: [envDetector] }));
  const provider = new NodeTracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  return new OpenTelemetry(provider);
}

class OpenTelemetry implements Tracing {
  private readonly tracer = trace.getTracer('thinker', VERSION);

  constructor(private readonly provider: NodeTracerProvider) {}

  span<T>(options: NewSpan, work: (span: OpenSpan) => Promise<T>): Promise<T> {
    // What belongs to no request, such as a probe of the engine, would be a trace of one span.
    if (options.parent === undefined && trace.getActiveSpan() === undefined) return work(NO_SPAN);
    const { span, around } = this.start(options);
    return context.with(around, async () => {
      try {
        return await work(new StartedSpan(span));
      } catch (error) {
        const { message, code } = error as { message?: unknown; code?: unknown };
        span.setAttribute('error.type', typeof code === 'string' ? code : 'error');
        span.setStatus({ code: SpanStatusCode.ERROR, message: String(message) });
        throw error;
      } finally {
        span.end();
      }
    });
  }

  open(options: NewSpan, work: (span: OpenSpan & { readonly end: () => void }) => void): void {
    const { span, around } = this.start(options);
    context.with(around, () => work(new StartedSpan(span)));
  }

  record(options: NewSpan, fromMsAgo: number): void {
    const now = Date.now();
    this.start(options, now - fromMsAgo).span.end(now);
  }

  detached<T>(work: () => T): T {
    return context.with(ROOT_CONTEXT, work);
  }

  traceparent(): string | null {
    const carrier: { traceparent?: string } = {};
    propagation.inject(context.active(), carrier);
    return carrier.traceparent ?? null;
  }

  stop(): Promise<void> {
    return this.provider.shutdown();
  }

  private start({ name, kind = 'internal', attributes, parent }: NewSpan, startTime?: number) {
    const outer = parent === undefined ? context.active() : contextOf(parent);
    const span = this.tracer.startSpan(name, { kind: KINDS[kind], attributes, startTime }, outer);
    return { span, around: trace.setSpan(outer, span) };
  }
}

function contextOf(traceparent: string | null): Context {
  return traceparent === null ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });
}

const NO_SPAN: OpenSpan = { rename: () => undefined, set: () => undefined, fail: () => undefined };

class StartedSpan implements OpenSpan {
  constructor(private readonly span: Span) {}

  rename(name: string): void {
    this.span.updateName(name);
  }

  set(attributes: SpanAttributes): void {
    this.span.setAttributes(attributes);
  }

  fail(message: string): void {
    this.span.setStatus({ code: SpanStatusCode.ERROR, message });
  }

  end(): void {
    this.span.end();
  }
}
