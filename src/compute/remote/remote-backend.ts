import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import { type RankMemory } from '../../domain/rank-memory.js';
import {
  type AdapterHandle,
  type BackendCapabilities,
  type Caller,
  type CallOptions,
  ComputeBackend,
  type ForwardRequest,
  type ForwardResult,
  type GenerateOptions,
  type GenerateRequest,
  type GenerateResult,
  type ModelTarget,
  type OptimStepResult,
  type SavedState,
  type StateDescription,
  type StateParts,
  type StateRef,
  type StateSource,
  type TokenListener,
  type WorkCounts,
} from '../compute-backend.js';
import { traced } from '../../common/tracing/tracing.js';
import { CallCancelledError } from '../call-cancelled.error.js';
import { EngineStoppedError } from '../engine-stopped.error.js';
import { type Args, type FromEngine, isResultOf, type Method, type Result, type ToEngine } from './calls.js';
import { type Link } from './link.js';
import { freightOf } from './message-arrays.js';
import { reviveError } from './revive-error.js';

/** Bytes of tensors that have passed a link, in either direction. */
export interface LinkTraffic {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** A call that waits for its answer. */
interface OpenCall {
  /** Takes an answer; called once. */
  readonly settle: (answer: Exclude<FromEngine, { kind: 'token' | 'lost' }>) => void;
  readonly fail: (error: Error) => void;
  readonly onToken: TokenListener | undefined;
}

/**
 * A backend at the other end of a link, in a thread of this process or elsewhere: each call becomes a message, and its
 * answer comes as one. When the link ends, calls that are open fail, and start() makes a new one.
 */
export class RemoteBackend extends ComputeBackend {
  private link: Link<ToEngine, FromEngine> | null = null;
  private stopped = 'it has not been started';
  private nextId = 0;
  private found: BackendCapabilities | null = null;
  private readonly open = new Map<number, OpenCall>();
  private sentBytes = 0;
  private receivedBytes = 0;

  constructor(private readonly connect: () => Promise<Link<ToEngine, FromEngine>>) {
    super();
  }

  get capabilities(): BackendCapabilities {
    if (!this.found) throw new EngineStoppedError(this.stopped);
    return this.found;
  }

  /** What has passed the link since this backend was made. */
  get traffic(): LinkTraffic {
    return { sentBytes: this.sentBytes, receivedBytes: this.receivedBytes };
  }

  async start(): Promise<void> {
    const link = await this.connect();
    this.link = link;
    link.onMessage((message) => this.receive(message));
    // The end of a link may be told when the next one is there already.
    link.onEnd((reason, cause) => {
      if (this.link === link) this.fail(reason, cause);
    });
    try {
      this.found = await this.call('start', []);
    } catch (error) {
      // It holds the device, or the port, that the next try needs.
      this.link = null;
      await link.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (!this.link) return;
    await this.call('stop', []);
    const { link } = this;
    this.fail('it was stopped');
    await link.close();
  }

  async createAdapter(adapter: AdapterHandle, from?: StateSource): Promise<void> {
    await this.call('createAdapter', [adapter, from]);
  }

  async deleteAdapter(adapterId: string): Promise<void> {
    await this.call('deleteAdapter', [adapterId]);
  }

  exportState(adapterId: string): Promise<AdapterState> {
    return this.call('exportState', [adapterId]);
  }

  digestState(adapterId: string): Promise<string> {
    return this.call('digestState', [adapterId]);
  }

  describeState(adapterId: string): Promise<StateDescription> {
    return this.call('describeState', [adapterId]);
  }

  saveState(adapterId: string, to: StateRef, parts: StateParts): Promise<SavedState> {
    return this.call('saveState', [adapterId, to, parts]);
  }

  loadState(adapterId: string, from: StateSource, options: { optimizer: boolean }): Promise<void> {
    return this.call('loadState', [adapterId, from, options]);
  }

  loadWeights(weights: AdapterHandle, from: StateSource): Promise<void> {
    return this.call('loadWeights', [weights, from]);
  }

  dropWeights(id: string): Promise<void> {
    return this.call('dropWeights', [id]);
  }

  forward(target: ModelTarget, request: ForwardRequest, options?: CallOptions): Promise<ForwardResult> {
    return this.call('forward', [target, request, callerOf(options)], options);
  }

  forwardBackward(adapterId: string, request: ForwardRequest, options?: CallOptions): Promise<ForwardResult> {
    return this.call('forwardBackward', [adapterId, request, callerOf(options)], options);
  }

  optimStep(adapterId: string, params: AdamParams, options?: CallOptions): Promise<OptimStepResult> {
    return this.call('optimStep', [adapterId, params, callerOf(options)]);
  }

  dropGradients(adapterId: string): Promise<number> {
    return this.call('dropGradients', [adapterId]);
  }

  countWork(): Promise<WorkCounts> {
    return this.call('countWork', []);
  }

  /** Asked with every heartbeat and for no request, so it leaves no span. */
  measureRanks(): Promise<readonly RankMemory[]> {
    return this.ask('measureRanks', []);
  }

  generate(target: ModelTarget, request: GenerateRequest, options: GenerateOptions = {}): Promise<GenerateResult> {
    const tellTokens = options.onToken !== undefined;
    return this.call('generate', [target, request, { tellTokens, ...callerOf(options) }], options);
  }

  private call<M extends Method>(method: M, args: Args<M>, options?: GenerateOptions): Promise<Result<M>> {
    const attributes = { 'rpc.system': 'thinker', 'rpc.service': 'engine', 'rpc.method': method };
    return traced(
      `engine ${method}`,
      () => this.ask(method, args, options),
      () => ({ kind: 'client', attributes }),
    );
  }

  private async ask<M extends Method>(
    method: M,
    args: Args<M>,
    { onToken, signal }: GenerateOptions = {},
  ): Promise<Result<M>> {
    if (signal?.aborted) throw new CallCancelledError();
    const id = this.nextId++;
    const abort = () => {
      if (this.open.has(id)) this.send({ kind: 'abort', id });
    };
    signal?.addEventListener('abort', abort);
    try {
      return await new Promise<Result<M>>((resolve, reject) => {
        const settle: OpenCall['settle'] = (answer) => {
          if (answer.kind !== 'result') reject(toError(answer));
          else if (isResultOf(answer, method)) resolve(answer.value);
          else reject(new TypeError(`the engine answered ${method} with the result of ${answer.method}`));
        };
        this.send({ kind: 'call', id, method, args });
        this.open.set(id, { settle, fail: reject, onToken });
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** @throws EngineStoppedError */
  private send(message: ToEngine): void {
    if (!this.link) throw new EngineStoppedError(this.stopped);
    const { bytes, transfer } = freightOf(message);
    this.link.send(message, transfer);
    this.sentBytes += bytes;
  }

  private receive(message: FromEngine): void {
    this.receivedBytes += freightOf(message).bytes;
    if (message.kind === 'lost') return this.notifyLoss({ kind: 'adapter', adapterId: message.adapterId });
    const call = this.open.get(message.id);
    if (!call) return;
    if (message.kind === 'token') return call.onToken?.(message.event);
    this.open.delete(message.id);
    call.settle(message);
  }

  private fail(reason: string, cause?: unknown): void {
    this.link = null;
    this.stopped = reason;
    this.found = null;
    const calls = [...this.open.values()];
    this.open.clear();
    this.notifyLoss({ kind: 'engine' });
    for (const { fail } of calls) fail(new EngineStoppedError(reason, { cause }));
  }
}

function toError(answer: Extract<FromEngine, { kind: 'error' | 'crash' }>): Error {
  if (answer.kind === 'error') return reviveError(answer.error);
  return Object.assign(new Error(answer.message), { stack: answer.stack });
}

function callerOf({ owner, weight }: CallOptions = {}): Caller {
  return { owner, weight };
}
