/** The two sides of the comparison with the peer, each a process that answers commands. */
import path from 'node:path';
import { temporaryFolder } from '../../scripts/lib/temporary-folder.mjs';
import { rmSync } from 'node:fs';
import { JsonLinesProcess } from './json-lines-process.mjs';
import { checkpoint, projectRoot, python, weightCache } from './paths.mjs';

/** Threads of either side's engine, as the targets were set. */
export const THREADS = 2;

export function startOurs() {
  const program = path.join(projectRoot, 'bench', 'engine.mjs');
  return JsonLinesProcess.start(process.execPath, [program, checkpoint, String(THREADS), weightCache]);
}

export function startPeer() {
  const program = path.join(projectRoot, 'bench', 'peer', 'peer.py');
  return JsonLinesProcess.start(python, [program, '--model', checkpoint, '--threads', String(THREADS)]);
}

/** Calls `work` with both sides, which hold the same adapter, and a folder for files that pass between them. */
export async function withBothSides(work) {
  const folder = temporaryFolder('thinker-bench-');
  const started = [];
  try {
    const ours = await startOurs();
    started.push(ours);
    const peer = await startPeer();
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
