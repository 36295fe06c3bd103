import { AppError, serializeError } from '../../common/errors/app-error.js';
import { type ComputeBackend, type LostMemory, type TokenListener } from '../compute-backend.js';
import { type Args, type CallMessage, type FromEngine, type Method, type Result, type ToEngine } from './calls.js';
import { type Link } from './link.js';
import { freightOf } from './message-arrays.js';

/** What a call has beside its arguments. */
interface CallContext {
  readonly signal: AbortSignal;
  readonly onToken: TokenListener;
}

type Handlers = { readonly [M in Method]: (args: Args<M>, context: CallContext) => Promise<Result<M>> };

/** Answers the calls of a RemoteBackend, which come over the link, with a backend that is here. */
export class BackendServer {
  private readonly running = new Map<number, AbortController>();
  private readonly handlers: Handlers;

  /** @param backend may still be under way; where it fails, the first call is told why */
  constructor(
    private readonly link: Link<FromEngine, ToEngine>,
    backend: Promise<ComputeBackend>,
  ) {
    // A failure is told to the first call; unheard, it would end the process before.
    backend.then(
      (built) => built.onLoss((lost) => this.tellLoss(lost)),
      () => undefined,
    );
    this.handlers = handlersOf(backend);
    link.onMessage((message) => {
      if (message.kind === 'abort') this.running.get(message.id)?.abort();
      else void this.answer(message);
    });
  }

  private async answer<M extends Method>({ id, method, args }: CallMessage<M>): Promise<void> {
    const controller = new AbortController();
    this.running.set(id, controller);
    const onToken: TokenListener = (event) => this.send({ kind: 'token', id, event });
    try {
      const value = await this.handlers[method](args, { signal: controller.signal, onToken });
      this.send({ kind: 'result', id, method, value });
    } catch (error) {
      this.send(failure(id, error));
    } finally {
      this.running.delete(id);
    }
  }

  /** The end of the whole engine shows in the link. */
  private tellLoss(lost: LostMemory): void {
    if (lost.kind === 'adapter') this.send({ kind: 'lost', adapterId: lost.adapterId });
  }

  private send(message: FromEngine): void {
    this.link.send(message, freightOf(message).transfer);
  }
}

function failure(id: number, error: unknown): FromEngine {
  if (error instanceof AppError) return { kind: 'error', id, error: serializeError(error) };
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'crash', id, message, stack: stack ?? message };
}

function handlersOf(backend: Promise<ComputeBackend>): Handlers {
  return {
    start: async () => {
      await (await backend).start();
      return (await backend).capabilities;
    },
    // What could not be built needs no end.
    stop: () =>
      backend.then(
        (built) => built.stop(),
        () => undefined,
      ),
    createAdapter: async (args) => (await backend).createAdapter(...args),
    deleteAdapter: async (args) => (await backend).deleteAdapter(...args),
    exportState: async (args) => (await backend).exportState(...args),
    digestState: async (args) => (await backend).digestState(...args),
    describeState: async (args) => (await backend).describeState(...args),
    saveState: async (args) => (await backend).saveState(...args),
    loadState: async (args) => (await backend).loadState(...args),
    loadWeights: async (args) => (await backend).loadWeights(...args),
    dropWeights: async (args) => (await backend).dropWeights(...args),
    forward: async ([target, request, caller], { signal }) =>
      (await backend).forward(target, request, { ...caller, signal }),
    forwardBackward: async ([adapterId, request, caller], { signal }) =>
      (await backend).forwardBackward(adapterId, request, { ...caller, signal }),
    optimStep: async (args) => (await backend).optimStep(...args),
    countWork: async () => (await backend).countWork(),
    measureRanks: async () => (await backend).measureRanks(),
    dropGradients: async (args) => (await backend).dropGradients(...args),
    generate: async ([target, request, { tellTokens, ...caller }], { signal, onToken }) =>
      (await backend).generate(target, request, { ...caller, signal, onToken: tellTokens ? onToken : undefined }),
  };
}
