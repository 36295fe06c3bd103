import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { OPERATION_KINDS, type OperationKind } from '../../domain/operation.js';
import {
  ADAPTER_HOLDER,
  type AdapterHolder,
  HANDLED_OPERATION,
  OPERATION_LISTENER,
  OperationHandler,
  type OperationListener,
} from '../futures/index.js';
import { RegistryError } from './registry.error.js';

/**
 * Finds the handler of every kind of operation, the listeners and the holders of adapters. Start-up fails when a kind has
 * no handler or two.
 */
@Injectable()
export class HandlerRegistry implements OnModuleInit {
  private readonly handlers = new Map<OperationKind, OperationHandler>();
  private foundListeners: readonly OperationListener[] = [];
  private foundHolders: readonly AdapterHolder[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  get listeners(): readonly OperationListener[] {
    return this.foundListeners;
  }

  get holders(): readonly AdapterHolder[] {
    return this.foundHolders;
  }

  onModuleInit(): void {
    const problems: string[] = [];
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function') continue;
      const kind = this.reflector.get<OperationKind | undefined>(HANDLED_OPERATION, metatype);
      if (kind === undefined) continue;
      const first = this.handlers.get(kind);
      if (!(instance instanceof OperationHandler)) {
        problems.push(`${metatype.name} has @HandlesOperation('${kind}') but does not extend OperationHandler.`);
      } else if (first !== undefined) {
        problems.push(
          `Operation '${kind}' has two handlers, ${first.constructor.name} and ${metatype.name}: ` +
            `remove @HandlesOperation('${kind}') from one of them.`,
        );
      } else {
        this.handlers.set(kind, instance);
      }
    }
    for (const kind of OPERATION_KINDS) {
      if (this.handlers.has(kind)) continue;
      problems.push(
        `Operation '${kind}' has no handler: put @HandlesOperation('${kind}') on a class that extends ` +
          `OperationHandler and list the class in the providers of its module.`,
      );
    }
    if (problems.length > 0) throw new RegistryError(problems);
    this.foundListeners = this.findMarked<OperationListener>(OPERATION_LISTENER);
    this.foundHolders = this.findMarked<AdapterHolder>(ADAPTER_HOLDER);
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
