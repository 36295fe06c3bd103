/** Sixteen sequences decoded at once, against llama.cpp with the weights as they are and in 8 bits. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { sequencesOf } from '../batches.mjs';
import { JsonLinesProcess } from '../json-lines-process.mjs';
import { alternate, compare } from '../measure.mjs';
import { cacheFolder, checkpoint, projectRoot, python } from '../paths.mjs';
import { startOurs, THREADS } from '../sides.mjs';

const NODE_LLAMA_CPP = 'node-llama-cpp@3.22.1';
const SEQUENCES = 16;
const PROMPT = 46;
const NEW_TOKENS = 48;
/** The kinds of weights; what other programs do is stated, and no target. */
const KINDS = ['f32', 'q8_0'];

export async function measureLlama({ repeats, log }) {
  const packages = install(log);
  const rows = [];
  const facts = [];
  const ours = await startOurs();
  try {
    for (const kind of KINDS) {
      log(`decoding ${SEQUENCES} sequences, llama.cpp ${kind}`);
      const { row, sameTokens } = await againstLlama(ours, packages, kind, repeats);
      rows.push(row);
      facts.push(`llama.cpp ${kind} and ours decode ${sameTokens ? 'the same' : 'other'} tokens for the first prompt.`);
    }
  } finally {
    await ours.stop();
  }
  return { rows, facts };
}

async function againstLlama(ours, packages, kind, repeats) {
  const program = path.join(projectRoot, 'bench', 'peer', 'llama.mjs');
  const file = path.join(checkpoint, `model-${kind}.gguf`);
  const peer = await JsonLinesProcess.start(process.execPath, [program, packages, file, String(THREADS)]);
  try {
    const prompts = sequencesOf(Array(SEQUENCES).fill(PROMPT - 1));
    const last = {};
    const decode = (name, side) => async () => {
      last[name] = await side.ask({ op: 'decode_many', prompts, new_tokens: NEW_TOKENS });
      return last[name].tokens_per_s;
    };
    const samples = await alternate({ ours: decode('ours', ours), peer: decode('peer', peer) }, repeats);
    const row = compare({
      name: `${SEQUENCES} different prompts of ${PROMPT} tokens, ${NEW_TOKENS} new tokens each`,
      unit: 'tokens/s',
      ours: samples.ours,
      other: samples.peer,
      versus: `llama.cpp ${kind}`,
      figure: 'ratio',
      target: null,
    });
    return { row, sameTokens: last.ours.tokens.join() === last.peer.tokens.join() };
  } finally {
    await peer.stop();
  }
}

/** llama.cpp as npm has it, beside the other caches, and the checkpoint in its format. */
function install(log) {
  const folder = path.join(cacheFolder, 'llama');
  if (!existsSync(path.join(folder, 'node_modules', 'node-llama-cpp'))) {
    log('installing llama.cpp');
    mkdirSync(folder, { recursive: true });
    // Its binaries are packages of their own; its install script would only look for a compiler.
    run('npm', ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', NODE_LLAMA_CPP]);
  }
  run(python, ['bench/peer/make_gguf.py', checkpoint]);
  return folder;
}

function run(command, args) {
  const { status, stderr } = spawnSync(command, args, { cwd: projectRoot, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
}
