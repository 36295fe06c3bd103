import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Badge, Card, Empty, Fields, Loaded, Page, Problem } from '../components/basics.js';
import { TextArea } from '../components/forms.js';
import { ActionButton } from '../components/permission.js';
import { Table } from '../components/table.js';
import { routes, type Schemas } from '../lib/api.js';
import { precise } from '../lib/format.js';
import { useAction, useResource } from '../lib/resource.js';

type Preview = Schemas['LossPreviewDto'];

const DEFINITION = `{
  "name": "my_loss",
  "loss": "-sum(weights * target_logprobs)",
  "metrics": { "mean_nll": "mean(-target_logprobs)" },
  "inputs": { "weights": { "default": 1 } }
}`;
const DATA = `[
  {
    "target_logprobs": [-1.2, -0.3, -2.1],
    "loss_fn_inputs": { "weights": [1, 1, 1] }
  },
  {
    "target_logprobs": [-0.4, -0.9],
    "loss_fn_inputs": { "weights": [1, 0.5] }
  }
]`;

export function LossesPage(): JSX.Element {
  return (
    <Page title="Losses" note="Try a formula on log-probs of your own before you register it.">
      <Test />
      <List />
    </Page>
  );
}

function Test(): JSX.Element {
  const [definition, setDefinition] = useState(DEFINITION);
  const [data, setData] = useState(DATA);
  const [preview, setPreview] = useState<Preview>();
  const { run, isRunning, error } = useAction(async () => {
    setPreview(undefined);
    const body = {
      definition: parse(definition, 'The definition') as Schemas['LossDefinitionDto'],
      data: parse(data, 'The data') as Schemas['PreviewDatumDto'][],
    };
    setPreview((await routes.POST('/loss_functions/preview', { body })).data);
  });
  return (
    <Card title="Test a formula">
      <form
        class="stack"
        onSubmit={(event) => {
          event.preventDefault();
          run();
        }}
      >
        <div class="grid two">
          <TextArea label="Definition" isCode rows={10} value={definition} onValue={setDefinition} onSubmit={run} />
          <TextArea label="Data" isCode rows={10} value={data} onValue={setData} onSubmit={run} />
        </div>
        <div class="toolbar">
          <p class="faint">Nothing is registered, and nothing is trained.</p>
          <ActionButton needs="train" tone="primary" isDisabled={isRunning}>
            Test
          </ActionButton>
        </div>
      </form>
      <Problem error={error} />
      {preview && <Outcome of={preview} />}
    </Card>
  );
}

function parse(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${what} is not JSON: ${error instanceof Error ? error.message : ''}`, { cause: error });
  }
}

function Outcome({ of: { loss, metrics, gradients } }: { readonly of: Preview }): JSX.Element {
  return (
    <div class="outcome" role="status">
      <Fields
        of={[
          ['Loss', precise(loss)],
          ...Object.entries(metrics).map(([name, value]) => [name, precise(value)] as const),
          ...gradients.map((slopes, i) => {
            const text = slopes.map((slope) => precise(slope)).join(', ');
            return [`Slopes of datum ${i + 1}`, <code>{text}</code>] as const;
          }),
        ]}
      />
    </div>
  );
}

function List(): JSX.Element {
  const losses = useResource(
    async (signal) => (await routes.GET('/loss_functions', { signal })).data?.losses ?? [],
    [],
  );
  return (
    <Card title="Available losses" flush>
      <Loaded of={losses}>
        {(rows) => (
          <Table
            label="Losses"
            rows={rows}
            keyOf={(loss) => loss.name}
            empty={<Empty title="No losses" />}
            columns={[
              {
                name: 'Name',
                cell: ({ name, version }) => (
                  <>
                    <code>{name}</code>
                    {version !== null && <Badge status={`version ${version}`} tone="busy" />}
                  </>
                ),
              },
              { name: 'What it is', cell: (loss) => loss.description },
              {
                name: 'Settings',
                isMinor: true,
                cell: ({ config }) => config.map((one) => `${one.name} = ${one.default}`).join(', '),
              },
            ]}
          />
        )}
      </Loaded>
    </Card>
  );
}
