import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasPython, KEY, named, python, startServer } from './support.mjs';

describe.skipIf(!hasPython)(named('the Python packages of OpenAI and Anthropic', hasPython), () => {
  let server;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.stop());

  it.each(['openai', 'anthropic'])('%s', async (name) => {
    const pytest = ['-m', 'pytest', '-p', 'no:cacheprovider', '-q', '-rs', `${import.meta.dirname}/test_${name}.py`];
    const env = {
      ...process.env,
      THINKER_URL: server.url,
      THINKER_KEY: KEY,
      THINKER_TOOL_MODEL: server.toolModel,
      PYTHONDONTWRITEBYTECODE: '1',
    };
    const child = spawn(python, pytest, { env, stdio: 'inherit' });
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
