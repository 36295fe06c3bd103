import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { type OperationData } from '../../domain/operation-data.js';
import { type OperationKind } from '../../domain/operation.js';
import { ResultPresenter } from './log/operation-handler.js';

/** Finds the classes that turn stored results into JSON; the start fails when two of them claim one kind. */
@Injectable()
export class ResultPresenters implements OnModuleInit {
  private readonly presenters = new Map<OperationKind, ResultPresenter>();

  constructor(private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    const providers = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    for (const presenter of providers.filter((instance) => instance instanceof ResultPresenter)) {
      for (const kind of presenter.kinds) {
        const first = this.presenters.get(kind);
        if (first !== undefined) {
          throw new Error(
            `Results of '${kind}' have two presenters, ${first.constructor.name} and ${presenter.constructor.name}: ` +
              `remove '${kind}' from the kinds of one of them.`,
          );
        }
        this.presenters.set(kind, presenter);
      }
    }
  }

  /** The result as the root routes answer it. */
  present(kind: OperationKind, result: OperationData): Record<string, unknown> {
    return this.presenters.get(kind)?.present(result) ?? { ...result.json };
  }
}
