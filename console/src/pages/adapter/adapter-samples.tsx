import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type Answering, Answers } from '../../components/answers.js';
import { Card } from '../../components/basics.js';
import { Select } from '../../components/forms.js';
import { ScopeNotice } from '../../components/permission.js';
import { PromptForm } from '../../components/prompt-form.js';
import { routes, type Schemas } from '../../lib/api.js';
import { type KnownPrompt, knownPrompts } from '../../lib/known-prompts.js';
import { DEFAULT_PROMPT, type Prompt, requestOf } from '../../lib/prompt.js';
import { useResource } from '../../lib/resource.js';
import { useSamples } from '../../lib/sample.js';

type Checkpoint = Schemas['CheckpointDto'];

/** What an adapter answers, beside its base model and what it answered at an earlier step. */
export function AdapterSamples({ of: adapter }: { readonly of: Schemas['AdapterDto'] }): JSX.Element {
  const { model_id: name, base_model: base, step } = adapter;
  const [prompt, setPrompt] = useState(DEFAULT_PROMPT);
  const [path, setPath] = useState('');
  // While training goes on, answers keep the step that they are of.
  const [asked, setAsked] = useState<readonly Answering[]>();
  const samples = useSamples();
  const checkpoints = useResource((signal) => samplerWeights(name, signal), [name]);
  const earlier = checkpoints.data?.find((one) => one.path === path);
  const by = [
    { title: 'Base model', model: base },
    ...(earlier ? [{ title: `Step ${earlier.step}`, model: earlier.path, name: earlier.name }] : []),
    { title: `Now, step ${step}`, model: name },
  ];
  const run = (): void => {
    if (samples.isWriting) samples.stop();
    else {
      setAsked(by);
      samples.start(by, requestOf(prompt));
    }
  };
  return (
    <>
      <ScopeNotice needs="sample">Nothing can be sampled with it.</ScopeNotice>
      <Card>
        <PromptForm of={prompt} onChange={setPrompt} isWriting={samples.isWriting} onRun={run}>
          <div class="grid two narrow">
            <KnownPrompts of={name} onChoice={(known) => setPrompt({ ...prompt, ...known })} />
            <Select
              label="Earlier checkpoint"
              value={path}
              onValue={setPath}
              options={[['', 'None'], ...(checkpoints.data ?? []).map(optionOf)]}
            />
          </div>
        </PromptForm>
      </Card>
      <Answers by={asked ?? by} of={samples} />
    </>
  );
}

/** Checkpoints that can be sampled from, newest first. */
async function samplerWeights(name: string, signal: AbortSignal): Promise<Checkpoint[]> {
  const params = { path: { model_id: name } };
  const { data } = await routes.GET('/adapters/{model_id}/checkpoints', { params, signal });
  return (data?.checkpoints ?? []).filter(({ kind }) => kind === 'sampler_weights').toReversed();
}

function optionOf({ path, name, step }: Checkpoint): readonly [string, string] {
  return [path, `${name} (step ${step})`];
}

interface KnownPromptsProps {
  readonly of: string;
  readonly onChoice: (prompt: Partial<Prompt>) => void;
}

function KnownPrompts({ of: adapter, onChoice }: KnownPromptsProps): JSX.Element {
  const [chosen, setChosen] = useState('');
  const known = useResource((signal) => knownPrompts(adapter, signal), [adapter]);
  const options = (known.data ?? []).map(({ label }: KnownPrompt, i) => [String(i), label] as const);
  const choose = (choice: string): void => {
    setChosen(choice);
    onChoice(known.data?.[Number(choice || NaN)]?.prompt ?? { turns: [] });
  };
  return <Select label="Prompt" value={chosen} onValue={choose} options={[['', 'Your own'], ...options]} />;
}
