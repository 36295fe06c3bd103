import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService, Reflector } from '@nestjs/core';
import { OPERATION_KINDS, type OperationKind } from '../../domain/operation.js';
import { HANDLED_OPERATION, OBSERVES_OPERATIONS, OperationHandler, OperationObserver } from '../futures/index.js';
import { RegistryError } from './registry.error.js';

/**
 * Finds the handler of every kind of operation, and the observers. Start-up fails when a kind has no handler or two.
 */
@Injectable()
export class HandlerRegistry implements OnModuleInit {
  private readonly handlers = new Map<OperationKind, OperationHandler>();
  private found: readonly OperationObserver[] = [];

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly reflector: Reflector,
  ) {}

  get observers(): readonly OperationObserver[] {
    return this.found;
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
    this.found = this.findObservers();
  }

  private findObservers(): OperationObserver[] {
    const found: OperationObserver[] = [];
    for (const { instance, metatype } of this.discovery.getProviders()) {
      if (typeof metatype !== 'function' || this.reflector.get(OBSERVES_OPERATIONS, metatype) !== true) continue;
      if (instance instanceof OperationObserver) found.push(instance);
    }
    return found;
  }

  handlerOf(kind: OperationKind): OperationHandler {
    const handler = this.handlers.get(kind);
    if (handler === undefined) throw new RegistryError([`Operation '${kind}' has no handler.`]);
    return handler;
  }
}
