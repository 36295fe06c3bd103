import { existsSync } from 'node:fs';
import { cleanEnv, str } from 'envalid';
import { AppConfig } from './app-config.js';
import { ConfigError } from './config.error.js';
import { optionalUrl } from './environment/env-validators.js';

/** What the command `thinker` reads from the environment; its options take precedence. */
const CLI_ENV_SCHEMA = {
  THINKER_URL: optionalUrl('http:', 'https:')({ default: 'http://127.0.0.1:8000', desc: 'Address of the service.' }),
  THINKER_API_KEY: str({ default: '', desc: 'API key, where the service requires one.' }),
  HF_TOKEN: str({ default: '', desc: 'Access token of the Hugging Face hub, for export --push.' }),
  NO_COLOR: str({ default: '', desc: 'Any value turns colours off.' }),
};

export interface CliConfig {
  readonly url: string;
  readonly apiKey: string;
  /** Of the Hugging Face hub; empty = none. */
  readonly hubToken: string;
  readonly noColor: boolean;
}

export function loadCliConfig(): CliConfig {
  const values = cleanEnv(process.env, CLI_ENV_SCHEMA, {
    reporter: ({ errors }) => {
      const problems = Object.entries(errors).map(([name, error]) => `${name} ${error.message}`);
      if (problems.length > 0) throw new ConfigError(problems);
    },
  });
  const { THINKER_URL: url, THINKER_API_KEY: apiKey, HF_TOKEN: hubToken, NO_COLOR: noColor } = values;
  return { url, apiKey, hubToken, noColor: noColor !== '' };
}

/** The settings with which a service would start here; for `thinker doctor`. */
export interface ServiceSettings {
  readonly config: AppConfig;
  /** False: the quickstart starts a private Postgres. */
  readonly hasDatabaseUrl: boolean;
}

/** Throws ConfigError if a service would not start with them. */
export function loadServiceSettings(): ServiceSettings {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const { DATABASE_URL: databaseUrl = '' } = process.env;
  const config = AppConfig.fromEnv({ ...process.env, DATABASE_URL: databaseUrl || 'postgres://none@127.0.0.1/none' });
  return { config, hasDatabaseUrl: databaseUrl !== '' };
}
