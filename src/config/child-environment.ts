import { ENV_SCHEMA } from './env-schema.js';

/**
 * The environment of a program that the service starts: that of the process, without the service's own settings, which
 * hold its secrets, and with these variables.
 */
export function childEnvironment(variables: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !(name in ENV_SCHEMA));
  return { ...Object.fromEntries(inherited), ...variables };
}
