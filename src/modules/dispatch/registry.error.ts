/** The program is put together wrongly: stops the start and names the line to change. */
export class RegistryError extends Error {
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = RegistryError.name;
  }
}
