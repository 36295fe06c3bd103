/**
 * llama.cpp, the peer in decoding: many sequences in one batch ("continuous batching"), driven over JSON lines like
 * peer.py. It decodes the base model: its adapters would be merged or switched for all sequences at once.
 *
 *   node bench/peer/llama.mjs <folder with node-llama-cpp> <file.gguf> <threads>
 *
 *   decode_many  {"prompts": [[token, ...], ...], "new_tokens": T}: greedy, all prompts in parallel
 *           -> {"ms", "tokens_per_s" (all new tokens over everything), "tokens": those of the first prompt}
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const SEQUENCES = 16;
const CONTEXT = 512;

const [folder, file, threads] = process.argv.slice(2);
const found = createRequire(path.join(path.resolve(folder), 'package.json')).resolve('node-llama-cpp');
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(found));
const llama = await getLlama({
  gpu: false,
  build: 'never',
  maxThreads: Number(threads),
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath: path.resolve(file) });
const context = await model.createContext({
  sequences: SEQUENCES,
  contextSize: CONTEXT,
  batchSize: SEQUENCES * CONTEXT,
  threads: Number(threads),
  batching: { itemPrioritizationStrategy: 'maximumParallelism' },
});
const sequences = Array.from({ length: SEQUENCES }, () => context.getSequence());

reply({ ready: true, threads: Number(threads) });
for await (const line of createInterface({ input: process.stdin })) {
  const { op, ...command } = JSON.parse(line);
  try {
    if (op !== 'decode_many') throw new Error(`unknown op ${op}, known: decode_many`);
    reply({ op, ...(await decode(command)) });
  } catch (error) {
    reply({ error: error.stack ?? String(error) });
  }
}
await llama.dispose();

async function decode({ prompts, new_tokens: newTokens }) {
  for (const sequence of sequences) await sequence.clearHistory();
  const started = performance.now();
  const all = await Promise.all(prompts.map((prompt, i) => continuation(sequences[i], prompt, newTokens)));
  const ms = performance.now() - started;
  return { ms, tokens_per_s: (prompts.length * newTokens * 1000) / ms, tokens: all[0] };
}

async function continuation(sequence, prompt, newTokens) {
  const tokens = [];
  // An end token stops nothing here: every run makes exactly as many tokens.
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    tokens.push(token);
    if (tokens.length === newTokens) break;
  }
  return tokens;
}

function reply(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
