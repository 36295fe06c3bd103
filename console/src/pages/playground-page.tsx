import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Answers } from '../components/answers.js';
import { Card, Page } from '../components/basics.js';
import { Select } from '../components/forms.js';
import { ScopeNotice } from '../components/permission.js';
import { PromptForm } from '../components/prompt-form.js';
import { routes } from '../lib/api.js';
import { DEFAULT_PROMPT, requestOf } from '../lib/prompt.js';
import { useResource } from '../lib/resource.js';
import { useQuery } from '../lib/router.js';
import { useSamples } from '../lib/sample.js';

const SHOWN_ADAPTERS = 200;

/** One prompt, answered by the base model and by an adapter side by side. */
export function PlaygroundPage(): JSX.Element {
  const [chosen, choose] = useQuery('adapter');
  const [prompt, setPrompt] = useState(DEFAULT_PROMPT);
  const adapters = useResource(async (signal) => {
    const { data } = await routes.GET('/adapters', { params: { query: { limit: SHOWN_ADAPTERS } }, signal });
    return data?.adapters ?? [];
  }, []);
  const samples = useSamples();
  const adapter = adapters.data?.find(({ model_id: name }) => name === chosen) ?? adapters.data?.[0];
  const by = [
    { title: 'Base model', model: adapter?.base_model ?? 'base' },
    ...(adapter ? [{ title: 'Adapter', model: adapter.model_id }] : []),
  ];
  const run = (): void => {
    if (samples.isWriting) samples.stop();
    else samples.start(by, requestOf(prompt));
  };
  const names = adapters.data?.map(({ model_id: name, step }) => [name, `${name} (step ${step})`] as const);
  return (
    <Page title="Playground" note="One prompt, answered by the base model and by an adapter.">
      <ScopeNotice needs="sample">Nothing can be sampled with it.</ScopeNotice>
      <Card>
        <PromptForm of={prompt} onChange={setPrompt} isWriting={samples.isWriting} onRun={run}>
          <Select label="Adapter" value={adapter?.model_id ?? ''} onValue={choose} options={names ?? []} />
        </PromptForm>
      </Card>
      <Answers by={by} of={samples} />
    </Page>
  );
}
