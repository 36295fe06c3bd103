import { Worker } from 'node:worker_threads';
import { deserializeError } from '../../common/errors/app-error.js';
import { prepareLocksInThreads } from '../../common/file-lock.js';
import { type AdamParams } from '../../domain/adapter/adam-params.js';
import { type AdapterState } from '../../domain/adapter/adapter-state.js';
import {
  type AdapterHandle,
  type BackendCapabilities,
  ComputeBackend,
  type ForwardRequest,
  type ForwardResult,
  type GenerateOptions,
  type GenerateRequest,
  type GenerateResult,
  type ModelTarget,
  type OptimStepResult,
  type TokenListener,
} from '../compute-backend.js';
import { EngineStoppedError } from '../engine-stopped.error.js';
import { GenerationCancelledError } from '../generation-cancelled.error.js';
import { type EngineCall, type EngineCancel, type EngineMessage, type RemoteMethod } from './engine-protocol.js';
import { type EngineSettings } from '../local/engine-settings.js';

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onToken: TokenListener | undefined;
}

/** The local engine in a thread of its own, so that its work never blocks the loop that serves and renews locks. */
export class ThreadedBackend extends ComputeBackend {
  private thread: Worker | null = null;
  private stopped = 'it has not been started';
  private nextId = 0;
  private found: BackendCapabilities | null = null;
  private readonly pending = new Map<number, PendingCall>();
  private readonly adapters = new Set<string>();

  constructor(private readonly settings: EngineSettings) {
    super();
  }

  get capabilities(): BackendCapabilities {
    if (!this.found) throw new EngineStoppedError(this.stopped);
    return this.found;
  }

  async start(): Promise<void> {
    await prepareLocksInThreads();
    const thread = new Worker(new URL('./engine-thread.js', import.meta.url), { workerData: this.settings });
    this.thread = thread;
    thread.on('message', (message: EngineMessage) => this.receive(message));
    // An end that comes late must not be taken for that of the next thread.
    const failIfCurrent = (reason: string, cause?: unknown) => {
      if (this.thread === thread) this.fail(reason, cause);
    };
    thread.on('error', (error) => failIfCurrent('its thread failed', error));
    thread.on('exit', (code) => failIfCurrent(`its thread ended with code ${code}`));
    this.found = await this.call('start', []);
  }

  async stop(): Promise<void> {
    if (!this.thread) return;
    await this.call('stop', []);
    const { thread } = this;
    this.fail('it was stopped');
    await thread.terminate();
  }

  async createAdapter(adapter: AdapterHandle, state?: AdapterState): Promise<void> {
    await this.call('createAdapter', [adapter, state]);
    this.adapters.add(adapter.id);
  }

  async deleteAdapter(adapterId: string): Promise<void> {
    this.adapters.delete(adapterId);
    await this.call('deleteAdapter', [adapterId]);
  }

  hasAdapter(adapterId: string): boolean {
    return this.adapters.has(adapterId);
  }

  exportState(adapterId: string): Promise<AdapterState> {
    return this.call('exportState', [adapterId]);
  }

  digestState(adapterId: string): Promise<string> {
    return this.call('digestState', [adapterId]);
  }

  importState(adapterId: string, state: AdapterState, options: { optimizer: boolean }): Promise<void> {
    return this.call('importState', [adapterId, state, options]);
  }

  forward(target: ModelTarget, request: ForwardRequest): Promise<ForwardResult> {
    return this.call('forward', [target, request]);
  }

  forwardBackward(adapterId: string, request: ForwardRequest): Promise<ForwardResult> {
    return this.call('forwardBackward', [adapterId, request]);
  }

  optimStep(adapterId: string, params: AdamParams): Promise<OptimStepResult> {
    return this.call('optimStep', [adapterId, params]);
  }

  dropGradients(adapterId: string): Promise<number> {
    return this.call('dropGradients', [adapterId]);
  }

  generate(target: ModelTarget, request: GenerateRequest, options?: GenerateOptions): Promise<GenerateResult> {
    return this.call('generate', [target, request], options);
  }

  private call<T>(
    method: RemoteMethod,
    args: readonly unknown[],
    { onToken, signal }: GenerateOptions = {},
  ): Promise<T> {
    const { thread } = this;
    if (!thread) return Promise.reject(new EngineStoppedError(this.stopped));
    if (signal?.aborted) return Promise.reject(new GenerationCancelledError());
    const call: EngineCall = { id: this.nextId++, method, args };
    const cancel = () => thread.postMessage({ cancel: call.id } satisfies EngineCancel);
    signal?.addEventListener('abort', cancel);
    const answer = new Promise<T>((resolve, reject) => {
      this.pending.set(call.id, { resolve: resolve as PendingCall['resolve'], reject, onToken });
      thread.postMessage(call);
    });
    return answer.finally(() => signal?.removeEventListener('abort', cancel));
  }

  private receive(message: EngineMessage): void {
    const call = this.pending.get(message.id);
    if (!call) return;
    if (message.kind === 'token') return call.onToken?.(message.event);
    this.pending.delete(message.id);
    if (message.kind === 'result') call.resolve(message.value);
    else if (message.kind === 'error') call.reject(deserializeError(message.error));
    else call.reject(Object.assign(new Error(message.message), { stack: message.stack }));
  }

  private fail(reason: string, cause?: unknown): void {
    if (!this.thread) return;
    this.thread = null;
    this.stopped = reason;
    this.found = null;
    this.adapters.clear();
    const calls = [...this.pending.values()];
    this.pending.clear();
    for (const { reject } of calls) reject(new EngineStoppedError(reason, { cause }));
  }
}
