import { Module, type Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { handlerOf, Script } from '../../../test/support/scripted-handlers.js';
import { OPERATION_KINDS, type OperationKind } from '../../domain/operation.js';
import { type AdapterHolder, HoldsAdapters, ListensToOperations, type OperationListener } from '../futures/index.js';
import { HandlerRegistry } from './handler-registry.js';

@Module({})
class Handlers {}

/** Starts an application with one handler for each of these kinds, and these other providers. */
async function boot(kinds: readonly OperationKind[], others: readonly Type[] = []): Promise<HandlerRegistry> {
  const providers = [HandlerRegistry, ...others, ...kinds.map((kind) => handlerOf(kind, new Script()))];
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
      /Operation 'optim_step' has no handler: put @HandlesOperation\('optim_step'\)/,
    );
  });

  it('does not start with one doubled, and names both', async () => {
    await expect(boot([...OPERATION_KINDS, 'forward'])).rejects.toThrow(
      /Operation 'forward' has two handlers, ScriptedHandler and ScriptedHandler/,
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
    const registry = await boot(OPERATION_KINDS, [Listener, Holder]);
    expect(registry.listeners).toEqual([expect.any(Listener)]);
    expect(registry.holders).toEqual([expect.any(Holder)]);
  });
});
