/** The machine and the versions of a run. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { projectRoot } from './paths.mjs';

/** Pairs of label and value, for every kind of run. */
export function describeMachine() {
  const cores = os.cpus();
  return [
    ['Date', new Date().toISOString().slice(0, 10)],
    ['CPU', `${cpuModel(cores)}, ${cores.length} cores`],
    ['Memory', `${Math.round(os.totalmem() / 2 ** 30)} GiB`],
    ['System', `${os.type()} ${os.release().split('-')[0]}`],
    ['Ours', `Node ${process.versions.node}, onnxruntime-node ${packageVersion('onnxruntime-node')}`],
  ];
}

/** `peer` is the peer's ready message. Returns pairs of label and value. */
export function describeRun({ peer, repeats, realtime }) {
  const pass = `median of ${repeats} after one warm-up, alternating between the sides`;
  return [
    ...describeMachine(),
    ['Peer', `PyTorch ${peer.torch}, transformers ${peer.transformers}, PEFT ${peer.peft}, Python ${peer.python}`],
    [
      'Both',
      `float32, ${peer.threads} threads, LoRA r 16 on q_proj and v_proj (${peer.trainable_parameters} parameters)`,
    ],
    ['Repeats', pass],
    describeScheduling(realtime),
  ];
}

export function describeScheduling(realtime) {
  return [
    'Scheduling',
    realtime ? 'real-time (SCHED_RR 5) for all processes: both sides, service, databases' : 'default',
  ];
}

/** Does the processor multiply bfloat16 numbers? Without, a peer that uses them is slower than in float32. */
export function hasBfloat16() {
  return /\b(avx512_bf16|amx_bf16)\b/.test(cpuModel(os.cpus()));
}

/** Virtual machines hide the model's name, but not family, model and instruction sets. */
function cpuModel([first]) {
  const name = first?.model.trim() ?? 'unknown';
  if (process.platform !== 'linux') return name;
  const info = readFileSync('/proc/cpuinfo', 'utf8');
  const field = (key) => new RegExp(`^${key}\\s*: (.*)$`, 'm').exec(info)?.[1] ?? '?';
  const sets = ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16'].filter((set) => field('flags').split(' ').includes(set));
  return `${name} (family ${field('cpu family')}, model ${field('model')}; ${sets.join(', ')})`;
}

function packageVersion(name) {
  return JSON.parse(readFileSync(path.join(projectRoot, 'node_modules', name, 'package.json'), 'utf8')).version;
}
