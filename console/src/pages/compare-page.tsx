import { type JSX } from 'preact';
import UPlot from 'uplot';
import { Card, Empty, Loaded, Page } from '../components/basics.js';
import { Chart } from '../components/chart.js';
import { routes } from '../lib/api.js';
import { useSettled } from '../lib/live.js';
import { useResource } from '../lib/resource.js';
import { useQuery } from '../lib/router.js';
import { drawnOf, type Series } from '../lib/series.js';

const POINTS = 400;

/** The curves of several adapters over their steps. */
export function ComparePage(): JSX.Element {
  const [query] = useQuery('adapters');
  const names = query.split(',').filter((name) => name !== '');
  const all = useResource(async (signal) => Promise.all(names.map((name) => seriesOf(name, signal))), [query]);
  useSettled(({ model_id: id, kind }) => kind === 'optim_step' && names.includes(id), all.reload);
  return (
    <Page title="Compare adapters" parent={{ to: '/adapters', label: 'Adapters' }} note={names.join(', ')}>
      {names.length === 0 ? (
        <Empty title="No adapters chosen">Choose some in the list of adapters.</Empty>
      ) : (
        <Loaded of={all}>{(data) => <Curves of={data} />}</Loaded>
      )}
    </Page>
  );
}

async function seriesOf(name: string, signal: AbortSignal): Promise<Series> {
  const params = { path: { model_id: name }, query: { points: POINTS } };
  const { data } = await routes.GET('/adapters/{model_id}/metrics', { params, signal });
  if (data === undefined) throw new Error(`${name} has no curves.`);
  return data;
}

function Curves({ of }: { readonly of: readonly Series[] }): JSX.Element {
  const drawn = drawnOf(of);
  if (drawn.length === 0) return <Empty title="None of them has taken a step yet" />;
  return (
    <div class="grid two lead">
      {drawn.map(({ title, metric }) => {
        const tables = of.map(
          ({ steps, series }) => [steps, series[metric] ?? steps.map(() => null)] as UPlot.AlignedData,
        );
        const [steps = [], ...curves] = UPlot.join(tables);
        return (
          <Card key={metric}>
            <Chart
              title={title}
              x={[...steps]}
              curves={curves.map((values, i) => ({
                label: of[i]?.model_id ?? '',
                values: [...values].map((value) => value ?? null),
              }))}
            />
          </Card>
        );
      })}
    </div>
  );
}
