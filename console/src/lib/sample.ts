import { useEffect, useRef, useState } from 'preact/hooks';
import { client, messageOf, type Schemas } from './api.js';

/** A token of a completion as it is shown. */
export interface ShownToken {
  readonly text: string;
  /** Natural logarithm of its probability; null until the completion is complete. */
  readonly logprob: number | null;
}

export interface Sample {
  readonly tokens: readonly ShownToken[];
  readonly state: 'idle' | 'writing' | 'done' | 'failed';
  readonly error: string | null;
  readonly stopReason: string | null;
  /** Tokens per second. */
  readonly rate: number | null;
}

export type SampleRequest = Pick<
  Schemas['GenerateDto'],
  'messages' | 'max_new_tokens' | 'temperature' | 'top_p' | 'seed'
>;

const MAX_SEED = 2 ** 31;

export const IDLE: Sample = { tokens: [], state: 'idle', error: null, stopReason: null, rate: null };

export interface Samples {
  /** By model; of the latest start. */
  readonly samples: Readonly<Record<string, Sample>>;
  /** The seed that all of them have; null before the first start. */
  readonly seed: string | number | null;
  readonly isWriting: boolean;
  readonly start: (by: readonly { readonly model: string }[], request: SampleRequest) => void;
  readonly stop: () => void;
}

/** Completions of several models for one prompt, with one seed, that are written side by side while one looks on. */
export function useSamples(): Samples {
  const [samples, setSamples] = useState<Readonly<Record<string, Sample>>>({});
  const [seed, setSeed] = useState<Samples['seed']>(null);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const start: Samples['start'] = (by, request) => {
    running.current?.abort();
    const { signal } = (running.current = new AbortController());
    const seeded = { ...request, seed: request.seed ?? Math.floor(Math.random() * MAX_SEED) };
    setSeed(seeded.seed);
    setSamples(Object.fromEntries(by.map(({ model }) => [model, { ...IDLE, state: 'writing' }])));
    for (const { model } of by) {
      const show = (sample: Sample): void => {
        if (!signal.aborted) setSamples((all) => ({ ...all, [model]: sample }));
      };
      write({ ...seeded, model_id: model }, signal, show).catch((error: unknown) =>
        show({ ...IDLE, state: 'failed', error: messageOf(error) }),
      );
    }
  };
  const stop = (): void => {
    running.current?.abort();
    setSamples((all) => Object.fromEntries(Object.entries(all).map(([model, sample]) => [model, stopped(sample)])));
  };
  const isWriting = Object.values(samples).some(({ state }) => state === 'writing');
  return { samples, seed, isWriting, start, stop };
}

function stopped(sample: Sample): Sample {
  return sample.state === 'writing' ? { ...sample, state: 'done', stopReason: 'stopped' } : sample;
}

async function write(
  request: Schemas['GenerateDto'],
  signal: AbortSignal,
  show: (sample: Sample) => void,
): Promise<void> {
  const began = performance.now();
  const stream = client.stream({ ...request, logprobs: true }, { signal });
  const texts: string[] = [];
  for (;;) {
    const { done, value } = await stream.next();
    const seconds = (performance.now() - began) / 1000;
    if (done) {
      const [sequence] = value.sequences;
      const tokens = texts.map((text, i) => ({ text, logprob: sequence?.logprobs?.[i] ?? null }));
      const rate = (sequence?.tokens.length ?? 0) / seconds;
      return show({ tokens, state: 'done', error: null, stopReason: sequence?.stop_reason ?? null, rate });
    }
    if (value.token === null) texts.push(`${texts.pop() ?? ''}${value.text}`);
    else texts.push(value.text);
    const tokens = texts.map((text) => ({ text, logprob: null }));
    show({ tokens, state: 'writing', error: null, stopReason: null, rate: texts.length / seconds });
  }
}
