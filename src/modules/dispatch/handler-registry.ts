import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { OPERATION_KINDS, type OperationKind } from '../../domain/operation.js';
import { OperationCatalog } from '../../operations/operations.js';
import {
  ADAPTER_HOLDER,
  type AdapterHolder,
  OPERATION_LISTENER,
  OperationHandler,
  type OperationListener,
} from '../futures/index.js';
import { RegistryError } from './registry.error.js';

/**
 * Finds the handler of every operation kind, the listeners and the holders of adapters. The start fails when a kind has
 * no handler or two, and when a kind that changes adapters has no replay: otherwise, only the first crash would show it.
 */
@Injectable()
export class HandlerRegistry implements OnModuleInit {
  private readonly handlers = new Map<OperationKind, OperationHandler>();
  private foundListeners: readonly OperationListener[] = [];
  private foundHolders: readonly AdapterHolder[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
    private readonly catalog: OperationCatalog,
  ) {}

  get listeners(): readonly OperationListener[] {
    return this.foundListeners;
  }

  get holders(): readonly AdapterHolder[] {
    return this.foundHolders;
  }

  onModuleInit(): void {
    const problems = [...this.findHandlers(), ...this.missingHandlers(), ...this.missingReplays()];
    if (problems.length > 0) throw new RegistryError(problems);
    this.foundListeners = this.findMarked<OperationListener>(OPERATION_LISTENER);
    this.foundHolders = this.findMarked<AdapterHolder>(ADAPTER_HOLDER);
  }

  /** @returns the kinds with two handlers, as problems */
  private findHandlers(): string[] {
    const problems: string[] = [];
    const providers = this.discovery.getProviders().map(({ instance }) => instance as unknown);
    for (const handler of providers.filter((instance) => instance instanceof OperationHandler)) {
      for (const kind of handler.kinds) {
        const first = this.handlers.get(kind);
        if (first === undefined) {
          this.handlers.set(kind, handler);
        } else {
          problems.push(
            `Operation '${kind}' has two handlers, ${first.constructor.name} and ${handler.constructor.name}: ` +
              `remove '${kind}' from the kinds of one of them.`,
          );
        }
      }
    }
    return problems;
  }

  private missingHandlers(): string[] {
    return OPERATION_KINDS.filter((kind) => !this.handlers.has(kind)).map(
      (kind) =>
        `Operation '${kind}' has no handler: name it in the kinds of a class that extends OperationHandler, and list ` +
        `the class in the providers of its module.`,
    );
  }

  private missingReplays(): string[] {
    return this.catalog.kindsWithoutReplay.map(
      (kind) =>
        `Operation '${kind}' changes adapters, but an adapter rebuilt from the log would miss the change: give its ` +
        `definition in src/operations/kinds an apply(), or state in notReplayed why nothing has to be repeated.`,
    );
  }

  /** The decorator that sets the mark only fits classes of this contract. */
  private findMarked<Contract>(mark: symbol): Contract[] {
    const found: Contract[] = [];
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function' || this.reflector.get(mark, metatype) !== true) continue;
      found.push(instance as Contract);
    }
    return found;
  }

  handlerOf(kind: OperationKind): OperationHandler {
    const handler = this.handlers.get(kind);
    if (handler === undefined) throw new RegistryError([`Operation '${kind}' has no handler.`]);
    return handler;
  }
}
