import { ENV_SCHEMA } from './env-schema.js';

/** Of AWS: the service alone works with the checkpoint store. */
const CREDENTIALS = /^AWS_/;

/**
 * The environment of a program that the service starts: that of the process, without the service's own settings and
 * credentials, which are secrets, and with these variables.
 */
export function childEnvironment(variables: Readonly<Record<string, string>>): Record<string, string | undefined> {
  const inherited = Object.entries(process.env).filter(([name]) => !(name in ENV_SCHEMA) && !CREDENTIALS.test(name));
  return { ...Object.fromEntries(inherited), ...variables };
}
