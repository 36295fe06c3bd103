import { ConsoleLogger, type LogLevel } from '@nestjs/common';

/** Parts of the framework that list every module and route at each start. */
const CHATTY = new Set(['InstanceLoader', 'RoutesResolver', 'RouterExplorer', 'NestFactory', 'NestApplication']);

/** From the most to the least severe. */
const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** Nest's logger, which shows the framework's own start-up lines only at the level debug. */
export class AppLogger extends ConsoleLogger {
  private readonly quiet: boolean;

  constructor(leastSevere: LogLevel) {
    super({ prefix: 'Thinker', logLevels: LEVELS.slice(0, LEVELS.indexOf(leastSevere) + 1) });
    this.quiet = !this.isLevelEnabled('debug');
  }

  override log(message: unknown, ...optional: unknown[]): void {
    const context = optional.at(-1);
    if (this.quiet && typeof context === 'string' && CHATTY.has(context)) return;
    super.log(message, ...optional);
  }
}
