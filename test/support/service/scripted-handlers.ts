import { Global, Module, type DynamicModule, type Type } from '@nestjs/common';
import { ComputeBackend } from '../../../src/compute/compute-backend.js';
import { FakeBackend } from '../fake-backend/fake-backend.js';
import { type OperationData } from '../../../src/domain/operation-data.js';
import { OPERATION_KINDS, type OperationKind } from '../../../src/domain/operation.js';
import { type Operation, OperationHandler } from '../../../src/modules/futures/index.js';
import { type OperationOutcome } from '../../../src/operations/operation-outcome.js';
import { Gate } from '../wait-for.js';

/**
 * Handlers whose doings a test decides and sees. By default an operation answers at once with its own request; with
 * `hold` it waits until the test releases it.
 */
export class Script {
  /** `start <label>` and `end <label>` in the order in which they happened; the label is request.json.label. */
  readonly events: string[] = [];
  private readonly gates = new Map<string, Gate>();
  private readonly failures = new Map<string, { readonly error: unknown; times: number }>();

  hold(label: string): Gate {
    const gate = new Gate();
    this.gates.set(label, gate);
    return gate;
  }

  failWith(label: string, error: unknown, times = Infinity): void {
    this.failures.set(label, { error, times });
  }

  /** How often the operation was started. */
  starts(label: string): number {
    return this.events.filter((event) => event === `start ${label}`).length;
  }

  async run(operation: Operation): Promise<OperationData> {
    const label = String(operation.request.json['label']);
    this.events.push(`start ${label}`);
    await this.gates.get(label)?.passed;
    this.events.push(`end ${label}`);
    const failure = this.failures.get(label);
    if (failure !== undefined && failure.times-- > 0) throw failure.error;
    return operation.request;
  }
}

/** The compute backend and a handler for every kind, instead of the features. */
@Global()
@Module({})
export class ScriptedHandlersModule {
  static forRoot(script: Script, kinds: readonly OperationKind[] = OPERATION_KINDS): DynamicModule {
    return {
      module: ScriptedHandlersModule,
      providers: [
        { provide: ComputeBackend, useValue: new FakeBackend() },
        ...kinds.map((kind) => handlerOf(kind, script)),
      ],
      exports: [ComputeBackend],
    };
  }
}

export function handlerOf(kind: OperationKind, script: Script): Type<OperationHandler> {
  return class ScriptedHandler extends OperationHandler {
    override readonly kinds = [kind];

    override async run(operation: Operation): Promise<OperationOutcome> {
      return { result: await script.run(operation) };
    }
  };
}
