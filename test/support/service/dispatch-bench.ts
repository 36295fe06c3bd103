import { type SerializedError } from '../../../src/common/errors/app-error.js';
import { FaultPoints } from '../../../src/common/fault-points.js';
import { AppConfig, type Environment } from '../../../src/config/app-config.js';
import { OPERATION_KINDS, type OperationKind, type OperationStatus } from '../../../src/domain/operation.js';
import { EventBus, type EventListener } from '../../../src/events/event-bus.js';
import { encodeOperationData } from '../../../src/formats/operation-data.codec.js';
import { Dispatcher } from '../../../src/modules/dispatch/dispatcher.js';
import { HandlerRegistry } from '../../../src/modules/dispatch/handler-registry.js';
import { LeaseRepository, type OpenQueue, type Taking } from '../../../src/modules/dispatch/leases/lease.repository.js';
import { Leases } from '../../../src/modules/dispatch/leases/leases.js';
import { OperationPipeline } from '../../../src/modules/dispatch/operation-pipeline.js';
import { Claims } from '../../../src/modules/dispatch/steps/claims.js';
import { Notifications } from '../../../src/modules/dispatch/steps/notifications.js';
import { Outcomes } from '../../../src/modules/dispatch/steps/outcomes.js';
import { Payloads } from '../../../src/modules/dispatch/steps/payloads.js';
import {
  type Claim,
  type ClaimedRow,
  type Completion,
  type Operation,
  OperationHandler,
  type OperationListener,
  ClaimRepository,
} from '../../../src/modules/futures/index.js';
import { type OperationOutcome } from '../../../src/operations/operation-outcome.js';
import { isReadOnly, OperationCatalog } from '../../../src/operations/operations.js';
import { FakeBackend } from '../fake-backend/fake-backend.js';
import { Script } from './scripted-handlers.js';

const LEASE = 7;

interface Row {
  readonly id: string;
  readonly kind: OperationKind;
  readonly owner: string;
  readonly adapterId: string | null;
  readonly payload: Buffer;
  /** The payload does not come with the claim. */
  readonly isLarge: boolean;
  status: OperationStatus;
  attempts: number;
  crashes: number;
  error: SerializedError | null;
}

/** The futures table in memory, in log order. The request id of an operation is its label. */
export class FakeLog extends ClaimRepository {
  readonly operations: Row[] = [];
  /** Thrown by the next statements of this name, in turn. */
  readonly failures = new Map<string, Error[]>();
  /** Requests that another worker has taken: writes of this one do not count. */
  readonly fenced = new Set<string>();
  readonly calls: string[] = [];

  constructor() {
    super(null as never);
  }

  add(
    id: string,
    kind: OperationKind,
    adapterId: string | null,
    options: { isLarge?: boolean; crashes?: number; owner?: string } = {},
  ) {
    const { isLarge = false, crashes = 0, owner = '' } = options;
    const payload = Buffer.from(encodeOperationData({ json: { label: id }, tensors: {} }));
    this.operations.push({
      id,
      kind,
      owner,
      adapterId,
      payload,
      isLarge,
      status: 'pending',
      attempts: 0,
      crashes,
      error: null,
    });
  }

  row(id: string): Row {
    const row = this.operations.find((one) => one.id === id);
    if (row === undefined) throw new Error(`there is no row ${id}`);
    return row;
  }

  openQueues(): OpenQueue[] {
    const pending = this.operations.filter(({ status }) => status === 'pending');
    return pending.map(({ adapterId, id, owner }) => ({ adapterId, requestId: id, owner }));
  }

  override async claimNext(adapterId: string, _workerId: string, _lease: number, readOnlyOnly: boolean) {
    this.called('claimNext', adapterId);
    const ofAdapter = this.operations.filter((row) => row.adapterId === adapterId);
    const head = ofAdapter.find(({ status }) => status === 'pending');
    if (head === undefined || (readOnlyOnly && !isReadOnly(head.kind))) return Promise.resolve(null);
    const running = ofAdapter.filter(({ status }) => status === 'running');
    const mayRun = running.every(({ kind }) => isReadOnly(kind) && isReadOnly(head.kind));
    return Promise.resolve(mayRun ? this.claimed(head) : null);
  }

  override claimOne(requestId: string): Promise<ClaimedRow | null> {
    this.called('claimOne', requestId);
    const row = this.row(requestId);
    return Promise.resolve(row.status === 'pending' ? this.claimed(row) : null);
  }

  override async begin(claim: Claim): Promise<boolean> {
    this.called('begin', claim.request_id);
    return Promise.resolve(this.isMine(claim));
  }

  override async readRequest(requestId: string): Promise<Buffer> {
    this.called('readRequest', requestId);
    return Promise.resolve(this.row(requestId).payload);
  }

  override async complete(claim: Claim, _completion: Completion): Promise<boolean> {
    this.called('complete', claim.request_id);
    return Promise.resolve(this.end(claim, 'completed', null));
  }

  override async fail(claim: Claim, error: SerializedError): Promise<boolean> {
    this.called('fail', claim.request_id);
    return Promise.resolve(this.end(claim, 'failed', error));
  }

  override async handBack(claim: Claim): Promise<void> {
    this.called('handBack', claim.request_id);
    if (this.isMine(claim)) this.row(claim.request_id).status = 'pending';
    return Promise.resolve();
  }

  override returnUnknownClaims(): Promise<number> {
    return Promise.resolve(0);
  }

  called(name: string, id: string): void {
    this.calls.push(`${name} ${id}`);
    const failure = this.failures.get(name)?.shift();
    if (failure !== undefined) throw failure;
  }

  private claimed(row: Row): ClaimedRow {
    row.status = 'running';
    row.attempts++;
    return {
      request_id: row.id,
      position: String(this.operations.indexOf(row)),
      owner: row.owner,
      priority: 0,
      kind: row.kind,
      adapter_id: row.adapterId,
      model_id: 'model',
      base_model: 'base',
      attempts: row.attempts,
      status: 'running',
      step: null,
      digest: null,
      begun: row.crashes < 2,
      waited_s: 0,
      left_ms: null,
      traceparent: null,
      request: row.isLarge ? null : row.payload,
      request_bytes: row.isLarge ? 2 ** 20 : row.payload.byteLength,
    };
  }

  private end(claim: Claim, status: OperationStatus, error: SerializedError | null): boolean {
    if (!this.isMine(claim)) return false;
    Object.assign(this.row(claim.request_id), { status, error });
    return true;
  }

  isMine({ request_id: id, attempts, adapter_id: adapterId, lease }: Claim): boolean {
    const row = this.row(id);
    const holds = adapterId === null || lease === LEASE;
    return row.status === 'running' && row.attempts === attempts && holds && !this.fenced.has(id);
  }
}

/** This worker holds every adapter. */
class FakeLeases extends Leases {
  constructor(private readonly log: FakeLog) {
    super(null as never, null as never, new FaultPoints());
  }

  override of = () => LEASE;
  override hold = (): Promise<Taking> => Promise.resolve({ lease: LEASE });
  override openQueues = () => Promise.resolve(this.log.openQueues());
  override returnOfDeadWorkers = () => Promise.resolve();
}

class FakeLeaseRepository extends LeaseRepository {
  constructor(private readonly log: FakeLog) {
    super(null as never, new FaultPoints());
  }

  override returnClaim(claim: Claim): Promise<void> {
    this.log.called('returnClaim', claim.request_id);
    const row = this.log.row(claim.request_id);
    row.crashes++;
    row.status = 'pending';
    return Promise.resolve();
  }
}

class ScriptedHandler extends OperationHandler {
  override readonly kinds = OPERATION_KINDS;

  constructor(private readonly script: Script) {
    super();
  }

  override async run(operation: Operation): Promise<OperationOutcome> {
    return { result: await this.script.run(operation) };
  }
}

class FakeRegistry extends HandlerRegistry {
  constructor(
    private readonly script: Script,
    private readonly told: readonly OperationListener[],
  ) {
    super(null as never, null as never, new OperationCatalog());
  }

  override get listeners() {
    return this.told;
  }

  override handlerOf = () => new ScriptedHandler(this.script);
}

class FakeEvents extends EventBus {
  readonly listeners: EventListener[] = [];
  override publish = () => Promise.resolve();
  override subscribe(_channel: string, listener: EventListener): () => void {
    this.listeners.push(listener);
    return () => undefined;
  }
}

/** A dispatcher with every step of its pipeline, over a log in memory and handlers that a test holds and releases. */
export class DispatchBench {
  readonly log = new FakeLog();
  readonly script = new Script();
  /** What the worker was told: `fenced <adapter>` and `engine lost`. */
  readonly told: string[] = [];
  readonly dispatcher: Dispatcher;

  constructor(env: Environment = {}, listeners: readonly OperationListener[] = []) {
    const config = AppConfig.fromEnv({ DATABASE_URL: 'postgres://localhost/none', ...env });
    const registry = new FakeRegistry(this.script, listeners);
    const leases = new FakeLeases(this.log);
    const claims = new Claims(config, this.log, leases);
    const pipeline = new OperationPipeline(
      claims,
      new Payloads(config, this.log),
      registry,
      new Outcomes(this.log, new FakeLeaseRepository(this.log)),
      new Notifications(registry),
      new FaultPoints(),
    );
    this.dispatcher = new Dispatcher(claims, pipeline, this.log, leases, new FakeBackend(), new FakeEvents());
    this.start();
  }

  start(): void {
    this.dispatcher.start('worker_1', {
      onFenced: (adapterId) => this.told.push(`fenced ${String(adapterId)}`),
      onEngineLost: () => this.told.push('engine lost'),
    });
  }

  /** The job of a row in the log. */
  dispatch(id: string): Promise<void> {
    const { kind, adapterId, owner } = this.log.row(id);
    return this.dispatcher.dispatch({ requestId: id, kind, adapterId, owner });
  }
}
