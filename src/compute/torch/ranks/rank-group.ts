import { type Logger } from '@nestjs/common';
import { PeriodicTask } from '../../../common/periodic/periodic-task.js';
import { type RankMemory } from '../../../domain/rank-memory.js';
import { encodeFrame, type Message } from '../frames/frame-codec.js';
import { type Merge, RanksDifferError } from '../merge-answers.js';
import { type CallArgs, type CallName, type CallValue } from './rank-calls.js';
import { toAppError } from './rank-errors.js';
import { type Rank } from './rank-listener.js';
import { type HeartbeatMemory, type RankAnswer, type RankSettings, readAnswer, readMemory } from './rank-messages.js';
import { DeviceMemoryError, GroupLostError } from '../torch.errors.js';
import { type GroupDeadlines } from '../torch-settings.js';

export interface RankGroupOptions {
  readonly generation: number;
  readonly settings: RankSettings;
  readonly deadlines: GroupDeadlines;
  /** Called once when the group has ended unasked. */
  readonly onLost: (error: GroupLostError) => void;
  readonly logger: Logger;
}

interface OpenCall {
  readonly name: CallName;
  /** By rank. */
  readonly answers: (RankAnswer | undefined)[];
  /** When the first rank answered with an error. */
  failedAt: number | null;
  readonly succeed: (values: readonly unknown[]) => void;
  readonly fail: (error: Error) => void;
}

/** Deadlines are looked at this often, but at least four times in each. */
const MAX_CHECK_MS = 1000;

/**
 * The ranks that work together. Each call goes to all of them, without waiting for the answers to those before, so that they
 * carry the same calls out in the same order. The group ends as a whole: when a rank closes its connection, when it is
 * silent, when a call takes too long, or when ranks answer differently, since then they no longer hold the same.
 */
export class RankGroup {
  private nextId = 0;
  /** In the order in which they were made. */
  private readonly open = new Map<number, OpenCall>();
  private readonly heardAt: number[];
  /** As the ranks last told; null until then. */
  private readonly memories: (HeartbeatMemory | null)[];
  /** Since when the oldest open call is the oldest. */
  private oldestSince = performance.now();
  private checkedAt = performance.now();
  private lost: GroupLostError | null = null;
  private readonly checkMs: number;
  private readonly checks: PeriodicTask;

  constructor(
    private readonly ranks: readonly Rank[],
    private readonly options: RankGroupOptions,
  ) {
    const { deadlines, generation, settings, logger } = options;
    this.heardAt = ranks.map(() => performance.now());
    this.memories = ranks.map(() => null);
    this.checkMs = Math.min(MAX_CHECK_MS, deadlines.silenceMs / 4, deadlines.callMs / 4);
    this.checks = new PeriodicTask({ purpose: 'check the torch ranks', intervalMs: this.checkMs, logger }, () =>
      this.check(),
    );
    const welcome = encodeFrame({ kind: 'welcome', generation, settings });
    for (const [rank, { connection }] of ranks.entries()) {
      connection.onMessage = (message) => this.receive(rank, message);
      connection.onClose = (reason) => this.lose(`${this.describe(rank)}: ${reason}`);
      connection.send(welcome);
    }
    this.checks.start();
  }

  get size(): number {
    return this.ranks.length;
  }

  /** Of the ranks that have told it. */
  get memory(): RankMemory[] {
    return this.memories.flatMap((memory, rank) =>
      memory ? [{ rank, host: this.ranks[rank]!.hello.host, ...memory }] : [],
    );
  }

  /**
   * Makes a call and merges what the ranks give.
   * @throws the foreseen error in which all ranks agree, DeviceMemoryError where all of them lack memory, GroupLostError
   */
  call<Name extends CallName, Merged>(
    name: Name,
    args: CallArgs<Name>,
    merge: Merge<CallValue<Name>, Merged>,
  ): Promise<Merged> {
    return new Promise((resolve, reject) => {
      if (this.lost) return reject(this.lost);
      const id = this.nextId++;
      if (this.open.size === 0) this.oldestSince = performance.now();
      const succeed = (values: readonly unknown[]) => resolve(merge(values as readonly CallValue<Name>[]));
      const answers = this.ranks.map(() => undefined);
      this.open.set(id, { name, answers, failedAt: null, succeed, fail: reject });
      const frame = encodeFrame({ kind: 'call', id, name, args });
      for (const { connection } of this.ranks) connection.send(frame);
    });
  }

  /** Ends the group; open calls fail. */
  close(): void {
    this.end(new GroupLostError('they were stopped'));
  }

  private receive(rank: number, message: Message): void {
    this.heardAt[rank] = performance.now();
    this.memories[rank] = readMemory(message) ?? this.memories[rank]!;
    const answer = readAnswer(message);
    const call = answer && this.open.get(answer.id);
    if (!answer || !call) return;
    call.answers[rank] = answer;
    if (answer.kind === 'error') {
      call.failedAt ??= performance.now();
      if (answer.error.kind === 'engine') {
        const { message, details } = answer.error;
        if (typeof details['traceback'] === 'string') this.options.logger.error(details['traceback']);
        this.lose(`${this.describe(rank)} failed in ${call.name}: ${message}`);
        return;
      }
    }
    if (!call.answers.includes(undefined)) this.settle(answer.id, call);
  }

  private settle(id: number, call: OpenCall): void {
    this.open.delete(id);
    this.oldestSince = performance.now();
    const answers = call.answers as readonly RankAnswer[];
    const errors = answers.flatMap((answer) => (answer.kind === 'error' ? [answer.error] : []));
    const [first] = errors;
    if (first === undefined) return this.succeed(call, answers);
    const isOfAll = errors.length === answers.length;
    if (isOfAll && errors.every(({ kind, code }) => kind === first.kind && code === first.code)) {
      return call.fail(first.kind === 'memory' ? new DeviceMemoryError(first.message) : toAppError(first));
    }
    const outcomes = answers.map((answer) => (answer.kind === 'error' ? answer.error.code : 'a result'));
    const lost = this.lose(`the ranks answer ${call.name} with ${outcomes.join(', ')}`, lackedMemory(call));
    call.fail(lost);
  }

  private succeed({ name, succeed, fail }: OpenCall, answers: readonly RankAnswer[]): void {
    try {
      succeed(answers.map((answer) => (answer.kind === 'result' ? answer.value : null)));
    } catch (error) {
      if (!(error instanceof RanksDifferError)) return fail(error as Error);
      fail(this.lose(`the ranks have drifted apart: in ${name}, ${error.message}`));
    }
  }

  private check(): void {
    const now = performance.now();
    const wasHeldUp = now - this.checkedAt > 2 * this.checkMs;
    this.checkedAt = now;
    // While this process stood still, what the ranks sent has not been read.
    if (wasHeldUp) return;
    const { silenceMs, callMs } = this.options.deadlines;
    const silent = this.heardAt.findIndex((at) => now - at > silenceMs);
    if (silent !== -1) return void this.lose(`${this.describe(silent)} has been silent for ${silenceMs / 1000} s`);
    for (const call of this.open.values()) {
      if (call.failedAt === null || now - call.failedAt <= silenceMs) continue;
      const waiting = call.answers.indexOf(undefined);
      const problem = `a rank failed in ${call.name}, and ${this.describe(waiting)} has not answered ${silenceMs / 1000} s later`;
      return void this.lose(problem, lackedMemory(call));
    }
    const [oldest] = this.open.values();
    // Models may take any time to load.
    if (oldest && oldest.name !== 'start' && now - this.oldestSince > callMs) {
      const waiting = this.describe(oldest.answers.indexOf(undefined));
      this.lose(`${waiting} has not answered ${oldest.name} for ${callMs / 1000} s`);
    }
  }

  /** The group ends unasked. */
  private lose(reason: string, outOfMemory = false): GroupLostError {
    if (this.lost) return this.lost;
    const error = new GroupLostError(reason, outOfMemory);
    this.end(error);
    this.options.onLost(error);
    return error;
  }

  private end(error: GroupLostError): void {
    if (this.lost) return;
    this.lost = error;
    void this.checks.stop();
    for (const { connection } of this.ranks) connection.destroy();
    for (const { fail } of this.open.values()) fail(error);
    this.open.clear();
  }

  private describe(rank: number): string {
    const { host, pid } = this.ranks[rank]!.hello;
    return `rank ${rank} (${host}, process ${pid})`;
  }
}

function lackedMemory({ answers }: OpenCall): boolean {
  return answers.some((answer) => answer?.kind === 'error' && answer.error.kind === 'memory');
}
