/**
 * What llama.cpp makes of GGUF files, in a process of its own.
 *
 *   node llama.mjs <folder with node-llama-cpp> '[{"model": file, "lora": file | null, "text": ..., "prompt": [..], "count": n}, ..]'
 *
 * Prints for each its tokens of the text, as a model gets it, and the most likely tokens after the prompt.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, requests] = process.argv.slice(2);
const found = createRequire(path.join(path.resolve(folder), 'package.json')).resolve('node-llama-cpp');
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(found));
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  maxThreads: 1,
  logLevel: LlamaLogLevel.error,
});
const answers = [];
for (const { model: modelPath, lora, text, prompt, count } of JSON.parse(requests)) {
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({
    contextSize: 256,
    // More threads wait for each other by spinning, which takes minutes where other work fills the cores.
    threads: 1,
    experimentalKvCacheKeyType: 'F32',
    experimentalKvCacheValueType: 'F32',
    ...(lora ? { lora: { adapters: [{ filePath: lora }] } } : {}),
  });
  const tokens = [];
  const sequence = context.getSequence();
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true })) {
    tokens.push(token);
    if (tokens.length === count) break;
  }
  answers.push({
    text: [...model.tokenize(text)],
    template: model.fileInfo.metadata.tokenizer.chat_template ?? null,
    tokens,
  });
  await model.dispose();
}
process.stdout.write(JSON.stringify(answers));
await llama.dispose();
