import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { TestServer } from '../e2e/support/server.js';
import { toolModel } from '../e2e/support/tool-model.js';

const root = path.join(import.meta.dirname, '..', '..');

export const MODEL = 'tiny-chat';
export const KEY = 'sk-clients';
export const QUESTION = 'Who are you?';
/** How the bundled model begins its answer. */
export const ANSWER = /^I am Tiny/;

/** What a model is forced to fill in. */
export const FORECAST = {
  type: 'object',
  properties: { unit: { type: 'string', enum: ['C', 'F'] }, rain: { type: 'boolean' } },
  required: ['unit', 'rain'],
  additionalProperties: false,
};
export const isForecast = ({ unit, rain }) => ['C', 'F'].includes(unit) && typeof rain === 'boolean';

/** A server with the bundled model, and the same one with a chat template that knows tools (`toolModel`). */
export async function startServer() {
  const folder = toolModel();
  const server = await TestServer.start({ env: { API_KEYS: KEY }, baseModels: [path.join('models', MODEL), folder] });
  return {
    url: server.api.url,
    toolModel: path.basename(folder),
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What npm run test:clients has made. */
export const hasPackages = existsSync(path.join(import.meta.dirname, 'node_modules', 'ai', 'package.json'));
export const python = path.join(root, '.venv-clients', 'bin', 'python');
export const hasPython = existsSync(path.join(root, '.venv-clients', '.recipe'));

/** Name of a suite that needs one of them. */
export function named(name, isThere) {
  return isThere ? name : `${name} (skipped: npm run test:clients installs it)`;
}
