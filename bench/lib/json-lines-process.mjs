import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** A child that answers one JSON command per line, as bench/peer/peer.py describes. It ends when its input does. */
export class JsonLinesProcess {
  #child;
  #closed;
  #answers;

  /** `ready` is the first line that the child prints. */
  static async start(command, args) {
    const started = new JsonLinesProcess();
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    started.#child = child;
    started.#closed = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message)); // no such program: there is no 'close' without a start
      child.once('close', (code, signal) => resolve(`exit code ${code ?? signal}`));
    });
    child.stdin.on('error', () => {}); // the child has ended; #next says so
    started.#answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    started.ready = await started.#next(`${command} ${args.join(' ')}`);
    return started;
  }

  async ask(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    const answer = await this.#next(command.op);
    if (answer.error) throw new Error(`${command.op}: ${answer.error}`);
    return answer;
  }

  async stop() {
    this.#child.stdin.end();
    await this.#closed;
  }

  async #next(what) {
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`${what}: the process ended (${await this.#closed})`);
    return JSON.parse(value);
  }
}
