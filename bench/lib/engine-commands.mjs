/** Commands of the peer's protocol (bench/peer/peer.py) that any engine of ours answers, and the loop that answers them. */
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { freshState } from '../../dist/src/compute/numerics/adapter-tensors.js';
import { parseSafetensors, tensorAsFloat32 } from '../../dist/src/formats/safetensors.js';
import { toVocabulary } from '../../dist/src/grammars/vocabulary.js';
import { batchOf, greedy } from './batches.mjs';

export const ADAPTER = 'bench';
export const MODEL = 'bench';
export const lora = { rank: 16, alpha: 32, dropout: 0, targetModules: ['q_proj', 'v_proj'], rsLora: false, seed: 1 };

/** No figure needs the text of tokens. */
export const loadTexts = async () => new Map([[MODEL, { decode: async () => '', vocabulary: () => toVocabulary([]) }]]);

/** Answers commands until the input ends. `commands` are functions by name that resolve with an answer. */
export async function serveCommands(commands, ready) {
  reply({ ready: true, ...ready });
  for await (const line of createInterface({ input: process.stdin })) {
    const { op, ...command } = JSON.parse(line);
    try {
      reply({ op, ...(await commands[op](command)) });
    } catch (error) {
      reply({ error: error.stack ?? String(error) });
    }
  }
}

function reply(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

/** `backend` is a HostBackend with the base model MODEL. */
export class EngineCommands {
  #backend;

  constructor(backend) {
    this.#backend = backend;
  }

  create(state) {
    return this.#backend.createAdapter({ id: ADAPTER, baseModel: MODEL, lora }, state && { state });
  }

  /** Takes over the peer's A and B, so that both compute the same. */
  async loadLora({ file }) {
    await this.create(freshState(await readPeftTensors(file)));
    return {};
  }

  /** From lists of tokens to gradients, as in the peer. */
  step({ sequences, weights }) {
    const logprobs = weights ? 'weighted' : 'all';
    return this.timed({ batch: batchOf(sequences, weights), loss: { name: 'cross_entropy', config: {} }, logprobs });
  }

  /** Gradients of an earlier step are dropped before the clock starts. */
  async timed(request) {
    await this.create({ ...(await this.#backend.exportState(ADAPTER)), gradients: null });
    const started = performance.now();
    const result = await this.#backend.forwardBackward(ADAPTER, request);
    return { ms: performance.now() - started, loss: result.loss };
  }

  /** Largest relative L2 distance of any gradient tensor from the peer's. */
  async compareGradients({ file }) {
    const { gradients } = await this.#backend.exportState(ADAPTER);
    const distances = [...(await readPeftTensors(file))].map(([name, { data }]) => {
      const ours = gradients.get(name).data;
      let difference = 0;
      let size = 0;
      data.forEach((value, i) => {
        difference += (value - ours[i]) ** 2;
        size += value ** 2;
      });
      return Math.sqrt(difference / size);
    });
    return { distance: Math.max(...distances) };
  }

  /** Other prompts at once, by the base model, as the peer of bench/peer/llama.mjs decodes them. */
  async decodeMany({ prompts, new_tokens: newTokens }) {
    const started = performance.now();
    const all = await Promise.all(
      prompts.map((prompt) =>
        this.#backend.generate(
          { kind: 'base', baseModel: MODEL },
          { prompt: Int32Array.from(prompt), count: 1, sampling: greedy(newTokens) },
        ),
      ),
    );
    const ms = performance.now() - started;
    return { ms, tokens_per_s: (prompts.length * newTokens * 1000) / ms, tokens: [...all[0].sequences[0].tokens] };
  }
}

async function readPeftTensors(file) {
  const bytes = await readFile(file);
  const entries = [...parseSafetensors(bytes, file).tensors.values()];
  return new Map(
    entries.map((entry) => [
      entry.name.replace('base_model.model.', ''),
      { shape: entry.shape, data: tensorAsFloat32(bytes, entry) },
    ]),
  );
}
