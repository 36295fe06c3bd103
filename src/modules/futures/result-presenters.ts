import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { type OperationData } from '../../domain/operation-data.js';
import { type OperationKind } from '../../domain/operation.js';
import { PRESENTED_OPERATIONS, ResultPresenter } from './log/operation-handler.js';

/** Finds the classes that turn stored results into JSON; start-up fails when two claim one kind. */
@Injectable()
export class ResultPresenters implements OnModuleInit {
  private readonly presenters = new Map<OperationKind, ResultPresenter>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  onModuleInit(): void {
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function' || !(instance instanceof ResultPresenter)) continue;
      for (const kind of this.reflector.get<OperationKind[] | undefined>(PRESENTED_OPERATIONS, metatype) ?? []) {
        const first = this.presenters.get(kind);
        if (first !== undefined) {
          throw new Error(
            `Results of '${kind}' have two presenters, ${first.constructor.name} and ${metatype.name}: ` +
              `remove '${kind}' from @PresentsResult of one of them.`,
          );
        }
        this.presenters.set(kind, instance);
      }
    }
  }

  /** The result as the root routes answer it. */
  present(kind: OperationKind, result: OperationData): Record<string, unknown> {
    return this.presenters.get(kind)?.present(result) ?? { ...result.json };
  }
}
