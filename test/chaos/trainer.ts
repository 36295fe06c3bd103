import { type Dialect } from './dialect.js';
import { type Json } from './retrying-client.js';
import { type Burst, type PlannedOperation, type TrainingPlan } from './training-plan.js';

/** A request and what the client was told about it. */
export interface Recorded {
  /** The same in every run of the plan: `step 12: optim_step`. */
  readonly label: string;
  readonly requestId: string;
  /** As text, without what differs from run to run (ids and the adapter's name). */
  readonly answer: string;
}

/** One client: carries a plan out and writes down every answer. */
export class Trainer {
  readonly records: Recorded[] = [];
  steps = 0;
  private seqId = 0;

  constructor(
    readonly name: string,
    readonly dialect: Dialect,
    private readonly plan: TrainingPlan,
  ) {}

  /** Takes steps while `goOn` says so, with a rest after each, then saves. */
  async run(goOn: () => boolean, rest: () => Promise<void>): Promise<void> {
    await this.dialect.begin();
    while (goOn()) {
      this.steps++;
      for (const burst of this.plan.nextStep()) await this.send(burst);
      await rest();
    }
    for (const burst of this.plan.lastStep()) await this.send(burst);
  }

  private async send(burst: Burst): Promise<void> {
    const sent: { operation: PlannedOperation; requestId: string }[] = [];
    for (const operation of burst) {
      // What names a snapshot is checked when it is sent, so the snapshot has to be there.
      if (operation.kind === 'sample' && operation.snapshot !== null) await this.collect(sent.splice(0));
      const requestId = await this.dialect.submit(operation, this.numberOf(operation));
      sent.push({ operation, requestId });
    }
    await this.collect(sent);
  }

  private numberOf(operation: PlannedOperation): number {
    return this.dialect.isNumbered(operation) ? ++this.seqId : 0;
  }

  private async collect(sent: readonly { operation: PlannedOperation; requestId: string }[]): Promise<void> {
    const waiting = sent.map(async ({ operation, requestId }) => {
      const label = `step ${this.steps}: ${operation.kind}`;
      const result = await this.dialect.result(requestId);
      // Nothing in a plan can fail of itself, and what comes after would only fail in its wake.
      if ('failed' in result) throw new Error(`${this.name}, ${label} ${requestId}: ${JSON.stringify(result)}`);
      return { label, requestId, answer: this.withoutNames(result) };
    });
    this.records.push(...(await Promise.all(waiting)));
  }

  /** How many answers have come. */
  get settled(): number {
    return this.records.length;
  }

  withoutNames(answer: Json): string {
    const { request_id: _id, ...rest } = answer;
    return JSON.stringify(rest).replaceAll(this.dialect.modelId, '<model>');
  }
}
