import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_ADAM } from '../domain/adapter/adam-params.js';
import { DEFAULT_LORA } from '../domain/adapter/lora-spec.js';
import { OPERATION_KINDS, type OperationKind } from '../domain/operation.js';
import { decodeOperationData, encodeOperationData } from '../formats/operation-data.codec.js';
import { isCancellable, isReadOnly, OPERATIONS, OperationCatalog } from './operations.js';

const FILE = new URL('../../test/fixtures/operation-payloads.json', import.meta.url);
/** Payloads as release 0.1.0 wrote them, in base64. */
const recorded = new Map(Object.entries(JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, string>));

const rows = { offsets: Int32Array.of(0, 2, 3), trailingShape: [] };
const batch = {
  tokens: { data: Int32Array.of(1, 2, 3), ...rows },
  lossInputs: {
    target_tokens: { data: Int32Array.of(2, 3, 4), ...rows },
    weights: { data: Float32Array.of(1, 0.5, 1), ...rows },
  },
};
const sampling = {
  maxNewTokens: 5,
  temperature: 0.5,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  stopTokens: [2],
  stopStrings: ['\n'],
  seed: 7,
};
const prompt = Int32Array.of(5, 6, 7);
const mixedLora = {
  ...DEFAULT_LORA,
  rankPattern: { 'b.q_proj': 8, 'a.q_proj': 4 },
  alphaPattern: { 'a.q_proj': 2 },
  excludedModules: ['c.q_proj'],
};

/** What was encoded then, by the name of the recording. */
const REQUESTS: Readonly<Record<string, unknown>> = {
  create_adapter: { lora: DEFAULT_LORA },
  'create_adapter of a fork': { lora: mixedLora, fork: { adapterId: 'adapter_0', position: 7 } },
  delete_adapter: null,
  unload_adapter: null,
  forward: { batch, loss: { name: 'mine', plugin: 'sha256:1', config: { beta: 0.1 } }, logprobs: 'weighted' },
  forward_backward: { batch, loss: { name: 'cross_entropy', config: {} }, logprobs: 'all' },
  optim_step: DEFAULT_ADAM,
  generate: {
    request: { prompt, count: 1, sampling, topPromptTokens: 0, topSampledTokens: 0, promptAlternatives: 0 },
    checkpointId: null,
    stream: true,
    logprobs: false,
    promptLogprobs: false,
  },
  'generate of the Tinker API': {
    request: {
      prompt,
      count: 2,
      sampling,
      promptTargets: {
        tokens: { data: Int32Array.of(1, 2, 3), offsets: Int32Array.of(0, 1, 2, 3), trailingShape: [] },
        width: 4,
        columns: Int32Array.of(0, 1, 2),
      },
      topPromptTokens: 3,
      topPromptLast: 2,
      topSampledTokens: 0,
      promptAlternatives: 1,
    },
    checkpointId: 'checkpoint_1',
    stream: false,
    logprobs: true,
    promptLogprobs: true,
  },
  'generate of the Tinker API, with defaults': {
    request: { prompt, count: 1, sampling, topPromptTokens: 0, topSampledTokens: 0, promptAlternatives: 0 },
    checkpointId: 'checkpoint_1',
    stream: false,
    logprobs: true,
    promptLogprobs: false,
  },
  'generate by a grammar': {
    request: {
      prompt,
      count: 1,
      sampling: { ...sampling, grammar: { ebnf: 'root ::= "a"', shownTokens: [9] } },
      topPromptTokens: 0,
      topSampledTokens: 0,
      promptAlternatives: 0,
    },
    checkpointId: null,
    stream: true,
    logprobs: false,
    promptLogprobs: false,
    shownTokens: [9],
  },
  save_weights: { name: 'one', overwrite: true, ttlSeconds: null, userMetadata: { a: 'b' } },
  save_weights_for_sampler: { name: '.s5', overwrite: false, ttlSeconds: 60, checkpointId: 'checkpoint_1_5' },
  save_weights_external: { name: 'two', overwrite: false, ttlSeconds: null, recipients: ['age1x'] },
  load_weights: { sourceId: 'adapter_0', sourceModelId: 'other', kind: 'training', name: 'one', optimizer: true },
  rewind_adapter: { position: 12 },
};

/** POST /generate left defaults out then. It takes no seq_id, so that none of its requests has a repeat. */
const OTHER_BYTES = new Set(['generate']);

function kindOf(recording: string): OperationKind {
  const kind = OPERATION_KINDS.find((known) => recording.split(' ')[0] === known);
  if (kind === undefined) throw new Error(`${recording} names no kind`);
  return kind;
}

describe('payloads in the log', () => {
  it('are recorded of every kind', () => {
    expect([...new Set([...recorded.keys()].map(kindOf))].sort()).toEqual([...OPERATION_KINDS].sort());
    expect([...recorded.keys()]).toEqual(Object.keys(REQUESTS));
  });

  it.each([...recorded])('of an earlier release are read, and written with the same bytes: %s', (recording, base64) => {
    const definition = OPERATIONS[kindOf(recording)];
    const bytes = Buffer.from(base64, 'base64');
    const request = definition.decode(decodeOperationData(bytes));
    expect(request).toEqual(REQUESTS[recording]);
    if (OTHER_BYTES.has(recording)) return;
    // A repeated request is recognised by its bytes, across a change of versions as well.
    expect(Buffer.from(encodeOperationData(definition.encode(REQUESTS[recording]))).equals(bytes)).toBe(true);
  });
});

describe('operation kinds', () => {
  it('change their adapter unless they are read-only', () => {
    expect(OPERATION_KINDS.filter(isReadOnly)).toEqual([
      'forward',
      'generate',
      'save_weights',
      'save_weights_for_sampler',
      'save_weights_external',
    ]);
  });

  it('are cancellable unless they are bookkeeping of the server', () => {
    const fixed = OPERATION_KINDS.filter((kind) => !isCancellable(kind));
    expect(fixed).toEqual(['create_adapter', 'delete_adapter', 'unload_adapter']);
  });

  it('are replayed where they change the state of an adapter', () => {
    const catalog = new OperationCatalog();
    expect(catalog.kindsWithoutReplay).toEqual([]);
    expect(catalog.replayedKinds).toEqual(['forward_backward', 'optim_step', 'load_weights', 'rewind_adapter']);
  });
});
