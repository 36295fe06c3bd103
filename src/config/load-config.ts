import { existsSync } from 'node:fs';
import { AppConfig } from './app-config.js';

/** Configuration of this process: the environment, with a `.env` file in the working directory as its defaults. */
export function loadConfig(): AppConfig {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return AppConfig.fromEnv(process.env);
}
