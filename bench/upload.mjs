/**
 * node bench/upload.mjs [megabytes]: uploads chats in JSONL to /v1/files of the built service and prints how long it took,
 * how late the event loop was meanwhile, and the memory of the process above what it took before. It asserts nothing.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../scripts/lib/owned-process.mjs';
import { withService } from './lib/service.mjs';

const LOOK_MS = 50;
const megabytes = Number(process.argv[2] ?? 100);
const port = await freePort();
const preload = new URL(`../test/e2e/support/loop-delay.mjs?port=${port}`, import.meta.url).href;
const settings = { ROLE: 'api', ENGINE: '', ENGINE_THREADS: '', NODE_OPTIONS: `--import ${preload}` };
const look = async () => (await fetch(`http://127.0.0.1:${port}/`)).json();

/** Read beside the service, so that looking does not disturb it (Linux). */
function residentMb(pid) {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024);
}

function chats() {
  const lines = [];
  for (let bytes = 0; bytes < megabytes * 2 ** 20; bytes += lines.at(-1).length) {
    const [question, answer] = [randomBytes(150), randomBytes(300)].map((text) => text.toString('base64'));
    const messages = [
      { role: 'user', content: question },
      { role: 'assistant', content: answer },
    ];
    lines.push(`${JSON.stringify({ messages })}\n`);
  }
  return new Blob(lines);
}

async function upload(url, file) {
  const form = new FormData();
  form.append('purpose', 'fine-tune');
  form.append('file', file, 'chats.jsonl');
  const answer = await fetch(`${url}/v1/files`, { method: 'POST', body: form });
  if (!answer.ok) throw new Error(await answer.text());
  await answer.json();
}

await withService(settings, async ({ url, pid }) => {
  await upload(url, new Blob(['{"prompt": "1+1=", "completion": "2"}\n']));
  const file = chats();
  await sleep(1000);
  const { rss: idle } = await look();
  let isDone = false;
  let most = 0;
  const started = performance.now();
  const done = upload(url, file).finally(() => (isDone = true));
  while (!isDone) {
    await sleep(LOOK_MS);
    most = Math.max(most, residentMb(pid));
  }
  await done;
  const { p99, max, rss } = await look();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${megabytes} MB in ${seconds} s; event loop late by ${p99} ms (p99), ${max} ms (worst)`);
  console.log(`memory: ${idle} MB idle, ${most - idle} MB more at most, ${rss - idle} MB more at the end`);
});
