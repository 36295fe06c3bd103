import { Module, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { handlerOf, Script } from '../../../test/support/service/scripted-handlers.js';
import { OPERATION_KINDS, type OperationKind } from '../../domain/operation.js';
import { optimStepOperation } from '../../operations/kinds/optim-step.operation.js';
import { unloadAdapterOperation } from '../../operations/kinds/unload-adapter.operation.js';
import { type OperationDefinition } from '../../operations/operation-definition.js';
import { OPERATIONS, OperationCatalog } from '../../operations/operations.js';
import { type AdapterHolder, HoldsAdapters, ListensToOperations, type OperationListener } from '../futures/index.js';
import { HandlerRegistry } from './handler-registry.js';

@Module({})
class Handlers {}

interface Parts {
  readonly catalog?: OperationCatalog;
  readonly others?: readonly Type[];
}

/** Starts an application with one handler for each of these kinds. */
async function boot(kinds: readonly OperationKind[], parts: Parts = {}): Promise<HandlerRegistry> {
  const { catalog = new OperationCatalog(), others = [] } = parts;
  const definitions = { provide: OperationCatalog, useValue: catalog };
  const providers = [HandlerRegistry, definitions, ...others, ...kinds.map((kind) => handlerOf(kind, new Script()))];
  const testing = Test.createTestingModule({ imports: [{ module: Handlers, imports: [DiscoveryModule], providers }] });
  const module = await testing.compile();
  await module.init();
  return module.get(HandlerRegistry);
}

describe('the registry of handlers', () => {
  it('starts with exactly one handler for each kind', async () => {
    const registry = await boot(OPERATION_KINDS);
    for (const kind of OPERATION_KINDS) expect(registry.handlerOf(kind)).toBeDefined();
  });

  it('does not start with one removed, and says what to add', async () => {
    const kinds = OPERATION_KINDS.filter((kind) => kind !== 'optim_step');
    await expect(boot(kinds)).rejects.toThrow(
      /Operation 'optim_step' has no handler: name it in the kinds of a class that extends OperationHandler/,
    );
  });

  it('does not start with one doubled, and names both', async () => {
    await expect(boot([...OPERATION_KINDS, 'forward'])).rejects.toThrow(
      /Operation 'forward' has two handlers, ScriptedHandler and ScriptedHandler/,
    );
  });

  it('does not start with a kind that changes adapters and has no replay, and says what to add', async () => {
    const members = Object.entries(optimStepOperation).filter(([name]) => name !== 'apply');
    const planted = { ...OPERATIONS, optim_step: Object.fromEntries(members) as OperationDefinition };
    await expect(boot(OPERATION_KINDS, { catalog: new OperationCatalog(planted) })).rejects.toThrow(
      /Operation 'optim_step' changes adapters, but .* give its definition in src\/operations\/kinds an apply\(\)/,
    );
  });

  it('does not start with a kind that gives no reason why it is not replayed', async () => {
    const planted = { ...OPERATIONS, unload_adapter: { ...unloadAdapterOperation, notReplayed: '' } };
    await expect(boot(OPERATION_KINDS, { catalog: new OperationCatalog(planted) })).rejects.toThrow(
      /'unload_adapter' changes adapters/,
    );
  });
});

describe('the marks of listeners and holders', () => {
  @ListensToOperations()
  class Listener implements OperationListener {
    settled(): Promise<void> {
      return Promise.resolve();
    }
  }

  @HoldsAdapters()
  class Holder implements AdapterHolder {
    holds = () => false;
    evictable = () => [];
    unload = () => Promise.resolve();
    evict = () => Promise.resolve();
    drain = () => Promise.resolve();
  }

  it('are found, each in its own list', async () => {
    const registry = await boot(OPERATION_KINDS, { others: [Listener, Holder] });
    expect(registry.listeners).toEqual([expect.any(Listener)]);
    expect(registry.holders).toEqual([expect.any(Holder)]);
  });
});
