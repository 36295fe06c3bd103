/** Creates whatever a run needs and is missing: packages and build, Python with PyTorch or the SDK, the checkpoint. */
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { bootstrap } from '../../scripts/lib/bootstrap.mjs';
import { checkpoint, projectRoot, python, SDK_VERSION } from './paths.mjs';

/** Nothing that is measured decodes text, but the service loads no model without a tokenizer. */
const TOKENIZER_FILES = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];

export async function prepareEngine(log) {
  await bootstrap({ log });
  run('bash', ['scripts/python-env.sh'], 'The peer needs Python with PyTorch.');
  run(python, ['bench/peer/make_checkpoint.py', checkpoint], 'The checkpoint could not be written.');
  const tokenizer = path.join(projectRoot, 'models', 'tiny-chat');
  for (const file of TOKENIZER_FILES) copyFileSync(path.join(tokenizer, file), path.join(checkpoint, file));
}

/** As prepareEngine(), and the environment of the torch backend. */
export async function prepareTorch(log) {
  await prepareEngine(log);
  run('bash', ['scripts/torch-env.sh'], 'This measures the torch backend.');
}

/** The build and a virtual environment with the Tinker SDK. */
export async function prepareTinker(log) {
  await bootstrap({ log });
  run('bash', ['scripts/sdk-env.sh', SDK_VERSION], 'This measures the Tinker SDK from PyPI.');
}

function run(command, args, meaning) {
  const { status, error } = spawnSync(command, args, { cwd: projectRoot, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${error?.message ?? status}). ${meaning}`);
}

/**
 * Puts this process, and with it everything it starts from now on, under real-time scheduling, so that other programs
 * of the machine take no time from what is measured.
 */
export function useRealtime() {
  const { status, stderr, error } = spawnSync('chrt', ['-a', '-r', '-p', '5', String(process.pid)], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`--realtime needs chrt and root: ${error?.message ?? stderr.trim()}`);
}
