import { type JSX } from 'preact';
import { Badge, Card, Fields, Loaded, Page, Problem } from '../../components/basics.js';
import { type Span, Timeline } from '../../components/timeline.js';
import { routes, type Schemas } from '../../lib/api.js';
import { clock, words } from '../../lib/format.js';
import { useSettled } from '../../lib/live.js';
import { useAction, useResource } from '../../lib/resource.js';
import { Link } from '../../lib/router.js';

type Operation = Schemas['FutureDto'];

/** Operations of the same model that are shown before it, and after it. */
const NEIGHBOURS = 12;

export function OperationPage({ id }: { readonly id: string }): JSX.Element {
  const operation = useResource(
    async (signal) =>
      (await routes.GET('/futures/{request_id}', { params: { path: { request_id: id } }, signal })).data,
    [id],
  );
  useSettled((settled) => settled.request_id === id, operation.reload);
  const kind = operation.data?.kind;
  return (
    <Page
      title={kind === undefined ? 'Operation' : words(kind)}
      parent={{ to: '/operations', label: 'Operations' }}
      note={<code>{id}</code>}
      actions={operation.data && <Cancel of={operation.data} onChange={operation.reload} />}
    >
      <Loaded of={operation}>{(data) => data && <Life of={data} />}</Loaded>
    </Page>
  );
}

function Cancel({ of, onChange }: { readonly of: Operation; readonly onChange: () => void }): JSX.Element | null {
  const { run, isRunning, error } = useAction(async () => {
    await routes.POST('/futures/{request_id}/cancel', { params: { path: { request_id: of.request_id } } });
    onChange();
  });
  if (of.finished_at !== null) return null;
  return (
    <>
      <Problem error={error} />
      <button type="button" class="danger" disabled={isRunning} onClick={() => run()}>
        Cancel operation
      </button>
    </>
  );
}

function Life({ of: one }: { readonly of: Operation }): JSX.Element {
  return (
    <>
      <Card>
        <Fields
          of={[
            ['Status', <Badge status={one.status} />],
            ['Model', <ModelLink of={one} />],
            ['Base model', <span class="name">{one.base_model}</span>],
            ['Position in the log', one.position],
            ['seq_id', one.seq_id ?? '–'],
            ['Claims', one.attempts],
            ['Worker', one.worker_id === null ? '–' : <code class="digest">{one.worker_id}</code>],
            ['Accepted', clock(one.created_at)],
          ]}
        />
        {one.error && (
          <p class="problem">
            {one.error.code}: {one.error.message}
          </p>
        )}
      </Card>
      <Card title="Life">
        <Timeline spans={[spanOf(one)]} />
      </Card>
      <Neighbours of={one} />
    </>
  );
}

function ModelLink({ of: { model_id: name } }: { readonly of: Operation }): JSX.Element {
  return (
    <Link class="name" to={`/adapters/${encodeURIComponent(name)}`}>
      {name}
    </Link>
  );
}

function Neighbours({ of: one }: { readonly of: Operation }): JSX.Element {
  const around = useResource(
    async (signal) => {
      const query = { model_id: one.model_id, limit: 2 * NEIGHBOURS, cursor: one.position + NEIGHBOURS };
      return (await routes.GET('/futures', { params: { query }, signal })).data?.futures ?? [];
    },
    [one.request_id],
  );
  return (
    <Card title="Operations of the model around it">
      <Loaded of={around}>
        {(data) => (
          <Timeline spans={data.toReversed().map((other) => spanOf(other, other.request_id === one.request_id))} />
        )}
      </Loaded>
    </Card>
  );
}

function spanOf(one: Operation, isMarked = false): Span {
  const now = Date.now();
  const accepted = Date.parse(one.created_at);
  const started = one.started_at === null ? now : Date.parse(one.started_at);
  const finished = one.finished_at === null ? now : Date.parse(one.finished_at);
  return {
    id: one.request_id,
    label: words(one.kind),
    to: `/operations/${one.request_id}`,
    accepted,
    started: Math.min(started, finished),
    finished,
    isFailed: one.status === 'failed',
    isMarked,
  };
}
