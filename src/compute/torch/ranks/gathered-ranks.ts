import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger } from '@nestjs/common';
import { PeriodicTask } from '../../../common/periodic/periodic-task.js';
import { RankGroup, type RankGroupOptions } from './rank-group.js';
import { RankLauncher } from './rank-launcher.js';
import { type ListenAddress, type Rank, RankListener } from './rank-listener.js';
import { type RankSupply } from '../torch-engine.js';
import { type GroupLostError, RanksUnavailableError } from '../torch.errors.js';
import { type RankSource } from '../torch-settings.js';

export interface GatheredRanksOptions extends Pick<
  RankGroupOptions,
  'generation' | 'settings' | 'deadlines' | 'logger'
> {
  readonly source: RankSource;
  /** How long ranks that are started here may take to connect: they import torch, on a machine that may be busy. */
  readonly connectMs?: number;
}

const CONNECT_MS = 300_000;
/** How often it is logged which ranks are still missing. */
const REMIND_MS = 15_000;

const REMEDY =
  'The log has what the ranks wrote. `npm run setup:torch` makes the Python environment; TORCH_PYTHON names another one.';

/** Listens for ranks, starts them where that is Node's part, and makes a group of those that connect. */
export class GatheredRanks implements RankSupply {
  private listener: RankListener | null = null;
  private launcher: RankLauncher | null = null;
  /** Private to this user; holds the socket. */
  private folder: string | null = null;
  private hasGroup = false;
  private readonly logger: Logger;
  private readonly reminder: PeriodicTask;

  constructor(private readonly options: GatheredRanksOptions) {
    const { logger } = options;
    this.logger = logger;
    this.reminder = new PeriodicTask({ purpose: 'log the missing ranks', intervalMs: REMIND_MS, logger }, () =>
      logger.log(`Waiting for torch ranks: ${this.listener?.describeWaiting()}`),
    );
  }

  async start(onLost: (error: GroupLostError) => void): Promise<RankGroup> {
    try {
      const ranks = await this.gather();
      this.hasGroup = true;
      const { generation, settings, deadlines, logger } = this.options;
      const onGroupLost = (error: GroupLostError) => {
        this.abandon();
        onLost(error);
      };
      return new RankGroup(ranks, { generation, settings, deadlines, logger, onLost: onGroupLost });
    } catch (error) {
      this.abandon();
      if (error instanceof RanksUnavailableError) throw error;
      throw new RanksUnavailableError(error instanceof Error ? error.message : String(error), REMEDY, { cause: error });
    } finally {
      await this.reminder.stop();
    }
  }

  async stop(): Promise<void> {
    // Ranks that were never welcomed have not been told to end.
    if (this.hasGroup) await this.launcher?.stop();
    this.abandon();
  }

  private async gather(): Promise<readonly Rank[]> {
    const { source } = this.options;
    const token = source.kind === 'listen' ? source.token : randomBytes(32).toString('hex');
    const address = await this.address();
    this.listener = await RankListener.open(address, {
      token,
      world: source.ranks,
      log: (message) => this.logger.log(message),
    });
    this.reminder.start();
    if (source.kind === 'listen') {
      this.logger.log(`Listening for ${source.ranks} torch ranks on ${source.host}:${this.listener.port}`);
      return this.listener.group;
    }
    return this.launch(this.listener, source, { url: `unix:${'path' in address ? address.path : ''}`, token });
  }

  private async launch(
    { group }: RankListener,
    { python, program, ranks }: Extract<RankSource, { kind: 'local' }>,
    control: { readonly url: string; readonly token: string },
  ): Promise<readonly Rank[]> {
    const { logger, generation, connectMs = CONNECT_MS } = this.options;
    const run = `local-${generation}-${randomBytes(4).toString('hex')}`;
    this.launcher = new RankLauncher({ python, program, ranks, run, logger, ...control });
    await this.launcher.launch();
    const timer = new AbortController();
    const late = sleep(connectMs, null, { signal: timer.signal, ref: false }).then(() => {
      throw new Error(`they have not connected within ${connectMs / 1000} s`);
    });
    try {
      return await Promise.race([group, this.launcher.failure, late]);
    } finally {
      late.catch(() => undefined);
      timer.abort();
    }
  }

  private async address(): Promise<ListenAddress> {
    const { source } = this.options;
    if (source.kind === 'local') {
      this.folder = await mkdtemp(join(tmpdir(), 'thinker-ranks-'));
      return { path: join(this.folder, 'control.sock') };
    }
    const { host, port, tls } = source;
    if (tls === null) return { host, port, tls };
    return { host, port, tls: { cert: await readFile(tls.certFile), key: await readFile(tls.keyFile) } };
  }

  /** Ends every rank and the listening, at once. */
  private abandon(): void {
    this.launcher?.killAll();
    this.listener?.close();
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}
