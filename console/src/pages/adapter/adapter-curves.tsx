import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Card, Empty, Loaded } from '../../components/basics.js';
import { Chart } from '../../components/chart.js';
import { routes } from '../../lib/api.js';
import { useSettled } from '../../lib/live.js';
import { useResource } from '../../lib/resource.js';
import { type Drawn, drawnOf, type Series, smoothed } from '../../lib/series.js';

const POINTS = 600;
const SMOOTHING = 0.9;

/** Steps of one adapter, read again soon after each. */
export function AdapterCurves({ name }: { readonly name: string }): JSX.Element {
  const [isSmooth, setSmooth] = useState(false);
  const series = useResource(
    async (signal) => {
      const params = { path: { model_id: name }, query: { points: POINTS } };
      return (await routes.GET('/adapters/{model_id}/metrics', { params, signal })).data;
    },
    [name],
  );
  useSettled(({ model_id: id, kind }) => id === name && CHANGING.has(kind), series.reload);
  return (
    <Loaded of={series}>
      {(data) =>
        data === undefined || data.steps.length === 0 ? (
          <Card>
            <Empty title="No steps yet">
              The curves appear here with the first optimiser step, and follow it live.
            </Empty>
          </Card>
        ) : (
          <>
            <div class="toolbar">
              <p class="faint">
                {data.loss_fn && `Loss: ${data.loss_fn}. `}
                {data.every > 1 ? `Every ${data.every}th of ${data.total_steps} steps.` : `${data.total_steps} steps.`}
              </p>
              <label class="check">
                <input type="checkbox" checked={isSmooth} onChange={() => setSmooth(!isSmooth)} />
                Smooth
              </label>
            </div>
            <Curves of={data} isSmooth={isSmooth} />
          </>
        )
      }
    </Loaded>
  );
}

const CHANGING = new Set(['optim_step', 'rewind_adapter', 'load_weights']);

/** The first chart is the one that people come for. */
function Curves({ of, isSmooth }: { readonly of: Series; readonly isSmooth: boolean }): JSX.Element {
  const [first, ...others] = drawnOf([of]);
  return (
    <>
      {first && <Curve of={of} drawn={first} isSmooth={isSmooth} height={250} />}
      <div class={others.length === 3 ? 'grid three' : 'grid two'}>
        {others.map((drawn) => (
          <Curve key={drawn.metric} of={of} drawn={drawn} isSmooth={isSmooth} height={170} />
        ))}
      </div>
    </>
  );
}

interface CurveProps {
  readonly of: Series;
  readonly drawn: Drawn;
  readonly isSmooth: boolean;
  readonly height: number;
}

function Curve({ of, drawn: { title, metric }, isSmooth, height }: CurveProps): JSX.Element {
  const values = of.series[metric] ?? [];
  const curves = isSmooth
    ? [
        { label: 'smooth', values: smoothed(values, SMOOTHING) },
        { label: 'measured', values },
      ]
    : [{ label: metric, values }];
  return (
    <Card>
      <Chart title={title} x={of.steps} curves={curves} height={height} />
    </Card>
  );
}
