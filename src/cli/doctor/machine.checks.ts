import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { packageFolder } from '../../common/package-folder.js';
import { type AppConfig } from '../../config/app-config.js';
import { formatBytes } from '../views/format.js';
import { type Finding, ok, problem, warning } from './check.js';

/** What the service needs of the machine. */

const MIN_FREE_DISK = 2e9;
/** The default base model takes 1.8 GB while it trains. */
const MIN_MEMORY = 3e9;
const PYTHON_LIMIT_MS = 60_000;

export function checkNode(version = process.versions.node): Finding {
  const { engines } = JSON.parse(readFileSync(path.join(packageFolder(), 'package.json'), 'utf8')) as {
    readonly engines: { readonly node: string };
  };
  const [, needMajor = 0, needMinor = 0] = (/(\d+)\.(\d+)/.exec(engines.node) ?? []).map(Number);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > needMajor || (major === needMajor && minor >= needMinor);
  return isEnough
    ? ok('Node', version)
    : problem('Node', version, `Install Node ${engines.node} (https://nodejs.org).`);
}

export async function checkDisk({ dataDir }: AppConfig): Promise<Finding> {
  let folder = path.resolve(dataDir);
  while (!existsSync(folder)) folder = path.dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const detail = `${formatBytes(free)} free in ${folder}`;
  return free >= MIN_FREE_DISK
    ? ok('Disk', detail)
    : warning('Disk', detail, 'Free some space, or set DATA_DIR to a folder on another disk.');
}

export function checkMemory(total = os.totalmem()): Finding {
  const detail = `${formatBytes(total)}, ${os.availableParallelism()} CPU threads`;
  return total >= MIN_MEMORY
    ? ok('Memory', detail)
    : warning('Memory', detail, 'Serve a small model (BASE_MODELS=models/tiny-chat), or use a larger machine.');
}

export async function checkEngine({ engine }: AppConfig): Promise<Finding[]> {
  const packages = { onnxruntime: 'onnxruntime-node', tensorflow: '@tensorflow/tfjs-node' };
  const loaded = await Promise.all(Object.values(packages).map(loadFailure));
  return Object.keys(packages).map((name, i) => {
    const failure = loaded[i];
    const title = `Engine ${name}`;
    if (failure === undefined) return ok(title, 'installed');
    const isNeeded = engine === name || (engine === 'auto' && name === 'onnxruntime');
    return isNeeded
      ? problem(title, failure, 'Run `npm run setup`, which installs the packages.')
      : ok(title, 'not installed (optional)');
  });
}

/** Why a package cannot be loaded. */
async function loadFailure(name: string): Promise<string | undefined> {
  try {
    await import(name);
    return undefined;
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  }
}

export async function checkTorch({ torch }: AppConfig): Promise<Finding> {
  const isNeeded = torch.backend !== 'local';
  const python = torch.python || path.join(packageFolder(), '.venv-torch', 'bin', 'python');
  const remedy = 'Run `npm run setup:torch`, or set TORCH_PYTHON to an interpreter that has torch.';
  if (!isNeeded && !existsSync(python)) return ok('PyTorch', 'not installed (needed for BACKEND=torch only)');
  try {
    const program = 'import torch, transformers; print(torch.__version__, torch.cuda.device_count())';
    const { stdout } = await promisify(execFile)(python, ['-c', program], { timeout: PYTHON_LIMIT_MS });
    const [version = '', gpus = ''] = stdout.trim().split(' ');
    return ok('PyTorch', `${version}, ${gpus} GPUs, in ${python}`);
  } catch (error) {
    const reason = (error as Error).message.trim().split('\n').at(-1) ?? '';
    return isNeeded ? problem('PyTorch', reason, remedy) : warning('PyTorch', reason, remedy);
  }
}
