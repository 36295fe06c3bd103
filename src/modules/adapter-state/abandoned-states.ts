import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { createAdapterOperation } from '../../operations/kinds/create-adapter.operation.js';
import { ListensToOperations, type Operation, type OperationListener } from '../futures/index.js';
import { AdapterStateStore } from './adapter-state.store.js';

/**
 * A deleted adapter's state is kept while forks of it need it. It goes when an operation that may have been the last
 * need is settled, not within it: a repeat would need it again. What a crash between the two leaves goes at the next
 * such operation, or start of a worker.
 */
@Injectable()
@ListensToOperations()
export class AbandonedStates implements OperationListener, OnApplicationBootstrap {
  private readonly logger = new Logger(AbandonedStates.name);

  constructor(private readonly states: AdapterStateStore) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.tidy();
  }

  async settled({ kind, request }: Operation): Promise<void> {
    const isFork = kind === 'create_adapter' && createAdapterOperation.decode(request).fork !== undefined;
    if (isFork || kind === 'delete_adapter') await this.tidy();
  }

  /** They only take room, so a failure is not a reason to stop. */
  private async tidy(): Promise<void> {
    await this.states
      .deleteAbandoned()
      .catch((error: unknown) => this.logger.warn(`Could not delete states of deleted adapters: ${String(error)}`));
  }
}
