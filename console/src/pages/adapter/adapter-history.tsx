import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Badge, Card, Empty, Loaded, Problem, Time } from '../../components/basics.js';
import { Confirmation } from '../../components/confirmation.js';
import { DialogButton, TextField } from '../../components/forms.js';
import { Pager, Table } from '../../components/table.js';
import { routes, type Schemas } from '../../lib/api.js';
import { precise, words } from '../../lib/format.js';
import { useSettled } from '../../lib/live.js';
import { useAction, useResource } from '../../lib/resource.js';
import { Link, useRouter } from '../../lib/router.js';

type Entry = Schemas['HistoryEntryDto'];

const PAGE = 25;

export function AdapterHistory({ name }: { readonly name: string }): JSX.Element {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const history = useResource(
    async (signal) => {
      const query = { limit: PAGE, ...(cursor !== undefined && { cursor: Number(cursor) }) };
      const params = { path: { model_id: name }, query };
      return (await routes.GET('/adapters/{model_id}/history', { params, signal })).data;
    },
    [name, cursor],
  );
  useSettled(({ model_id: id }) => id === name && cursor === undefined, history.reload, 800);
  return (
    <Card flush>
      <Loaded of={history}>
        {(data) => (
          <>
            <Entries name={name} of={data?.entries ?? []} />
            <Pager cursors={cursors} next={data?.next_cursor?.toString() ?? null} onCursors={setCursors} />
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Entries({ name, of }: { readonly name: string; readonly of: readonly Entry[] }): JSX.Element {
  return (
    <Table
      label="History"
      rows={of}
      keyOf={(entry) => entry.request_id}
      empty={<Empty title="Nothing has changed this adapter" />}
      columns={[
        {
          name: 'Operation',
          cell: (entry) => (
            <span class={entry.current ? '' : 'undone'}>
              <Link to={`/operations/${entry.request_id}`}>{words(entry.kind)}</Link>
              {!entry.current && <Badge status="undone" tone="warn" />}
              {entry.error_code !== null && <Badge status={entry.error_code} tone="bad" />}
            </span>
          ),
        },
        { name: 'Step', isNumber: true, cell: ({ step }) => step ?? '' },
        { name: 'Measured', cell: measured },
        { name: 'Digest', isMinor: true, cell: ({ digest }) => digest && <code class="digest">{digest}</code> },
        { name: 'When', cell: (entry) => <Time at={entry.finished_at} /> },
        { name: 'Return to', cell: (entry) => entry.digest !== null && <Ways name={name} to={entry} /> },
      ]}
    />
  );
}

function measured({ metrics, loss_fn: loss }: Entry): string {
  const shown = ['mean_nll', 'loss', 'grad_norm', 'learning_rate'].flatMap((name) => {
    const value = metrics?.[name];
    return typeof value === 'number' ? [`${words(name).toLowerCase()} ${precise(value)}`] : [];
  });
  return [...(loss === null ? [] : [loss]), ...shown.slice(0, 2)].join(' · ');
}

function Ways({ name, to }: { readonly name: string; readonly to: Entry }): JSX.Element {
  return (
    <span class="row-actions">
      <DialogButton label="Rewind" tone="small" needs="train" title={`Rewind ${name}`}>
        {(close) => <Rewind name={name} to={to} onDone={close} />}
      </DialogButton>
      <DialogButton label="Fork" tone="small" needs="train" title={`Fork ${name}`}>
        {(close) => <Fork name={name} to={to} onDone={close} />}
      </DialogButton>
    </span>
  );
}

interface WayProps {
  readonly name: string;
  readonly to: Entry;
  readonly onDone: () => void;
}

function Rewind({ name, to, onDone }: WayProps): JSX.Element {
  const rewind = () => {
    const params = { path: { model_id: name } };
    return routes.POST('/adapters/{model_id}/rewind', { params, body: { request_id: to.request_id } });
  };
  return (
    <Confirmation label={`Rewind to step ${to.step}`} act={rewind} onDone={onDone}>
      Weights, moments and step become as they were after this operation (step {to.step}), bit for bit. What was done
      since stays in the history, so the rewind can be undone.
    </Confirmation>
  );
}

function Fork({ name, to, onDone }: WayProps): JSX.Element {
  const { go } = useRouter();
  const [fork, setFork] = useState(`${name}-${to.step}`);
  const { run, isRunning, error } = useAction(async () => {
    const params = { path: { model_id: name } };
    const body = { request_id: to.request_id, model_id: fork };
    await routes.POST('/adapters/{model_id}/fork', { params, body });
    onDone();
    go(`/adapters/${encodeURIComponent(fork)}`);
  });
  return (
    <>
      <p>A new adapter begins with the state after this operation (step {to.step}). This one is not changed.</p>
      <TextField label="Name of the new adapter" value={fork} onValue={setFork} />
      <Problem error={error} />
      <div class="dialog-actions">
        <button type="button" onClick={onDone}>
          Cancel
        </button>
        <button type="button" class="primary" disabled={isRunning || fork === ''} onClick={() => run()}>
          Fork
        </button>
      </div>
    </>
  );
}
