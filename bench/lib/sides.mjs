/** The two sides of the comparison with the peer, each a process that answers commands. */
import path from 'node:path';
import { temporaryFolder } from '../../scripts/lib/temporary-folder.mjs';
import { rmSync } from 'node:fs';
import { JsonLinesProcess } from './json-lines-process.mjs';
import { checkpoint, projectRoot, python, torchPython, weightCache } from './paths.mjs';

/** Threads of either side's engine, as the targets were set. */
export const THREADS = 2;

/** @param root folder of the version to start */
export function startOurs({ packWeights = true, root = projectRoot } = {}) {
  const program = path.join(root, 'bench', 'engine.mjs');
  const settings = [checkpoint, String(THREADS), weightCache, String(packWeights)];
  return JsonLinesProcess.start(process.execPath, [program, ...settings]);
}

/** The torch engine with one rank. */
export function startTorch() {
  const program = path.join(projectRoot, 'bench', 'torch-engine.mjs');
  return JsonLinesProcess.start(process.execPath, [program, checkpoint, String(THREADS), torchPython]);
}

/** @param dtype of the base model; with 'bfloat16' passes run under autocast */
export function startPeer({ dtype = 'float32' } = {}) {
  const program = path.join(projectRoot, 'bench', 'peer', 'peer.py');
  return JsonLinesProcess.start(python, [
    program,
    '--model',
    checkpoint,
    '--threads',
    String(THREADS),
    '--dtype',
    dtype,
  ]);
}

/**
 * Calls `work` with both sides, which hold the same adapter, and a folder for files that pass between them.
 *
 * @param peerOptions those of startPeer()
 * @param start starts our side
 */
export async function withBothSides(work, peerOptions = {}, start = startOurs) {
  const folder = temporaryFolder('thinker-bench-');
  const started = [];
  try {
    const ours = await start();
    started.push(ours);
    const peer = await startPeer(peerOptions);
    started.push(peer);
    const file = path.join(folder, 'lora.safetensors');
    await peer.ask({ op: 'lora_state', file });
    await ours.ask({ op: 'load_lora', file });
    return await work({ ours, peer, folder });
  } finally {
    await Promise.all(started.map((side) => side.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}
