import { ConsoleLogger, type LogLevel } from '@nestjs/common';
import { logContext } from './log-context.js';
import { currentTraceId } from '../tracing/tracing.js';

export type LogFormat = 'text' | 'json';

/** Parts of the framework that list every module and route at each start. */
const CHATTY = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

/** Parts that log the error of a failed start, in a less helpful way than main.ts does. */
const REPEATING = new Set(['ExceptionHandler', 'NestApplication', 'TypeOrmModule']);

/** From the most to the least severe. */
const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** Nest's logger, which shows the framework's own start-up lines only at the level debug. */
export class AppLogger extends ConsoleLogger {
  private readonly quiet: boolean;

  constructor(leastSevere: LogLevel, format: LogFormat = 'text') {
    const logLevels = LEVELS.slice(0, LEVELS.indexOf(leastSevere) + 1);
    // A terminal gets colours, unless NO_COLOR is set; a file or a pipe never does.
    const isJson = format === 'json';
    super({
      prefix: 'Thinker',
      logLevels,
      json: isJson,
      ...(process.stdout.isTTY && !isJson ? {} : { colors: false }),
    });
    this.quiet = !this.isLevelEnabled('debug');
  }

  override log(message: unknown, ...optional: unknown[]): void {
    if (!this.quiet || !isFrom(CHATTY, optional)) super.log(message, ...optional);
  }

  /** Lines of JSON say what they belong to. */
  protected override getJsonLogObject(...described: Parameters<ConsoleLogger['getJsonLogObject']>) {
    const { requestId, operationId, owner } = logContext();
    const ids = { request_id: requestId, operation_id: operationId, owner, trace_id: currentTraceId() };
    return { ...super.getJsonLogObject(...described), ...ids };
  }

  override error(message: unknown, ...optional: unknown[]): void {
    if (!isFrom(REPEATING, optional)) super.error(message, ...optional);
  }
}

/** The context is the last of the optional parameters. */
function isFrom(contexts: ReadonlySet<string>, optional: readonly unknown[]): boolean {
  const context = optional.at(-1);
  return typeof context === 'string' && contexts.has(context);
}
