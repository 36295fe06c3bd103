import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { waitFor } from '../support/wait-for.js';
import { RootDialect } from './dialect.js';
import { type FaultKind, type Target } from './faults.js';
import { type RetryingClient } from './retrying-client.js';
import { TOKENS } from './small-model.js';
import { type Trainer } from './trainer.js';

const root = path.join(import.meta.dirname, '..', '..');
const API = pathToFileURL(path.join(root, 'dist', 'src', 'losses', 'plugins', 'plugin-api.js')).href;

const START_MS = 60_000;

/** A loss that is harmless until a request asks for the death of whoever computes it. */
const DEADLY_LOSS = `import { Loss, LossFunction, TARGET_TOKENS } from ${JSON.stringify(API)};
export class Deadly extends LossFunction {
  compute({ data }, inputs, { deadly }) {
    if (deadly === 1) process.kill(process.pid, 'SIGKILL');
    return { loss: -data.reduce((sum, l) => sum + l, 0), dLogprobs: new Float64Array(data.length).fill(-1), metrics: {} };
  }
}
const deadly = { name: 'deadly', default: 0, min: 0, max: 1, description: '1 = now' };
Loss({ name: 'deadly', description: 'Kills the worker', inputs: [TARGET_TOKENS], config: [deadly] })(Deadly);
`;

/** Makes the folder for LOSS_PLUGINS. */
export function makePoison(folder: string): string {
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'deadly.loss.mjs'), DEADLY_LOSS);
  return folder;
}

/** A request to somebody's adapter that kills every worker which runs it, until it is given up, alone. */
export class Poison implements FaultKind {
  readonly name = 'poison';
  readonly mayOverlap = false;
  /** Those that have been sent: they may fail. */
  readonly requestIds: string[] = [];

  constructor(
    private readonly client: RetryingClient,
    private readonly victim: Trainer,
  ) {}

  async strike({ cluster }: Target): Promise<boolean> {
    // Not before the adapter is there: the request would make another one of its name.
    const timeout = START_MS * cluster.patience;
    await waitFor(`the first answer of ${this.victim.name}`, () => this.victim.settled > 0, { timeout });
    const { modelId } = this.victim.dialect;
    const tokens = [TOKENS.first, TOKENS.last];
    const datum = {
      model_input: { chunks: [{ type: 'encoded_text', tokens }] },
      loss_fn_inputs: { target_tokens: { data: tokens, dtype: 'int64', shape: [tokens.length] } },
    };
    const body = { model_id: modelId, data: [datum], loss_fn: 'deadly', loss_fn_config: { deadly: 1 } };
    const requestId = await this.client.submit('/fwdbwd', body);
    this.requestIds.push(requestId);
    const answer = await new RootDialect(this.client, modelId, null).result(requestId);
    const { code } = (answer['failed'] ?? {}) as { code?: string };
    if (code !== 'worker_killed')
      throw new Error(`the poisoned request ${requestId} ended with ${JSON.stringify(answer)}`);
    return true;
  }
}
