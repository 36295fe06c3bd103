import { tarDigest } from './adapter-routes.js';
import { type Dialect } from './dialect.js';
import { type Json } from './retrying-client.js';
import { type Burst, type PlannedBranch, type PlannedOperation, type TrainingPlan } from './training-plan.js';

/** A request and what the client was told about it. */
export interface Recorded {
  /** The same in every run of the plan: `step 12: optim_step`. */
  readonly label: string;
  /** null: a request that answers otherwise than by a future. */
  readonly requestId: string | null;
  /** As text, without what differs from run to run (ids and the adapter's name). */
  readonly answer: string;
}

interface Sent {
  readonly kind: string;
  readonly requestId: string;
}

/** One client: carries a plan out and writes down every answer. Branches of its adapter are clients of their own. */
export class Trainer {
  readonly records: Recorded[] = [];
  steps = 0;
  isDeleted = false;
  private readonly branches: Trainer[] = [];
  private isOver = false;
  private seqId = 0;
  /** The requests that a rewind or a fork can name, by step of the plan. */
  private readonly requests = new Map<number, string>();

  constructor(
    readonly name: string,
    readonly dialect: Dialect,
    private readonly plan: TrainingPlan,
  ) {}

  /** Takes steps while `goOn` says so, with a rest after each, then saves. */
  async run(goOn: () => boolean, rest: () => Promise<void>): Promise<void> {
    await this.dialect.begin();
    while (goOn()) {
      await this.step();
      await rest();
    }
    await this.finish();
  }

  /** Itself, its branches and theirs, in an order that follows from the plan. */
  family(): Trainer[] {
    return [this, ...this.branches.flatMap((branch) => branch.family())];
  }

  /** How many answers have come. */
  get settled(): number {
    return this.records.length;
  }

  withoutNames(answer: Json): string {
    const { request_id: _id, ...rest } = answer;
    return JSON.stringify(rest).replaceAll(this.dialect.modelId, '<model>');
  }

  /** One of its own, and one of each branch that is there, side by side. */
  private async step(): Promise<void> {
    const beside = [...this.branches];
    await Promise.all([this.ownStep(), ...beside.map((branch) => branch.step())]);
  }

  private async ownStep(): Promise<void> {
    if (this.isOver) return;
    this.steps++;
    for (const burst of this.plan.nextStep()) await this.send(burst);
    const planned = this.plan.nextBranch();
    if (planned !== null) await (await this.branchOff(planned)).created(planned.kind);
    if (this.plan.isOver) await this.end();
  }

  private async finish(): Promise<void> {
    await Promise.all([this.saveLast(), ...this.branches.map((branch) => branch.finish())]);
  }

  private async saveLast(): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    for (const burst of this.plan.lastStep()) await this.send(burst);
  }

  /** A fork is deleted under the hands of its own fork, which may not have been made by then. */
  private async end(): Promise<void> {
    await this.saveLast();
    const planned = this.plan.heir();
    const heir = planned === null ? null : await this.branchOff(planned);
    if (this.plan.isDeletedAtItsEnd) await this.delete();
    await heir?.created('fork');
  }

  private async branchOff({ kind, from, plan }: PlannedBranch): Promise<Trainer> {
    const name = `${this.name}-${this.branches.length + 1}`;
    const branch = new Trainer(name, this.dialect.ofBranch(name), plan);
    const { adapters, modelId } = this.dialect;
    if (kind === 'fork') {
      branch.requests.set(0, await adapters.fork(modelId, name, from === null ? null : this.requestAt(from)));
    } else {
      const exported = await adapters.export(modelId);
      this.record('export', null, tarDigest(exported));
      branch.requests.set(0, await adapters.import(name, exported));
    }
    this.branches.push(branch);
    return branch;
  }

  private created(kind: PlannedBranch['kind']): Promise<void> {
    return this.collect([{ kind, requestId: this.requestAt(0) }]);
  }

  private async delete(): Promise<void> {
    this.isDeleted = true;
    const requestId = await this.dialect.adapters.delete(this.dialect.modelId);
    if (requestId !== null) await this.answerTo({ kind: 'delete', requestId });
    // With the answer lost on the way there is no more to say, so there never is.
    this.record('delete', null, 'deleted');
  }

  private async send(burst: Burst): Promise<void> {
    const sent: Sent[] = [];
    for (const operation of burst) {
      // What names a snapshot is checked when it is sent, so the snapshot has to be there.
      if (operation.kind === 'sample' && operation.snapshot !== null) await this.collect(sent.splice(0));
      const requestId = await this.submit(operation);
      if (operation.kind === 'optim_step') this.requests.set(this.steps, requestId);
      sent.push({ kind: operation.kind, requestId });
    }
    await this.collect(sent);
  }

  private submit(operation: PlannedOperation): Promise<string> {
    const seqId = this.dialect.isNumbered(operation) ? ++this.seqId : 0;
    if (operation.kind !== 'rewind') return this.dialect.submit(operation, seqId);
    return this.dialect.adapters.rewind(this.dialect.modelId, this.requestAt(operation.to), seqId);
  }

  private requestAt(step: number): string {
    const requestId = this.requests.get(step);
    if (requestId === undefined) throw new RangeError(`${this.name} has taken no step ${step}`);
    return requestId;
  }

  private async collect(sent: readonly Sent[]): Promise<void> {
    const answers = await Promise.all(sent.map((one) => this.answerTo(one)));
    for (const [i, { kind, requestId }] of sent.entries()) {
      this.record(kind, requestId, this.withoutNames(answers[i] ?? {}));
    }
  }

  /** Nothing in a plan can fail of itself, and what comes after would only fail in its wake. */
  private async answerTo({ kind, requestId }: Sent): Promise<Json> {
    const result = await this.dialect.result(requestId);
    if ('failed' in result) throw new Error(`${this.name}, ${kind} ${requestId}: ${JSON.stringify(result)}`);
    return result;
  }

  private record(kind: string, requestId: string | null, answer: string): void {
    this.records.push({ label: `step ${this.steps}: ${kind}`, requestId, answer });
  }
}
