/**
 * Sets variables that native libraries read when they are loaded; what the operator has set stays. Here because nothing
 * outside src/config touches the environment.
 */
export function presetEnvironment(values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) process.env[name] ??= value;
}
