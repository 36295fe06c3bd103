/**
 * What has been started, so that it can be stopped in the opposite order: the service before the databases it uses.
 */
export class StopStack {
  #entries = [];

  push(name, stop) {
    this.#entries.push({ name, stop });
  }

  /** Stops only what was started last, for an interrupt: whoever waits for it goes on, and stopAll() does the rest. */
  async interrupt() {
    const last = this.#entries.at(-1);
    await Promise.resolve(last?.stop()).catch(() => {}); // stopAll() reports it
  }

  /** Stops everything, also when one of them fails to stop. `log` gets a line for each failure. */
  async stopAll(log) {
    for (const { name, stop } of this.#entries.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        log(`stopping ${name}: ${error.message}`);
      }
    }
  }
}
