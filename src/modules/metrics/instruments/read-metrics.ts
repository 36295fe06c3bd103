import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { type Distribution } from '../../../domain/distribution.js';

/** What a metric that is kept elsewhere shows: nothing, while it is unknown. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Description {
  readonly registry: Registry;
  readonly name: string;
  readonly help: string;
}

type Read = () => Promise<readonly Sample[]> | readonly Sample[];

/** A gauge that is read at each scrape. */
export class ReadGauge extends Gauge {
  constructor(
    { registry, ...description }: Description,
    private readonly read: Read,
  ) {
    super({ ...description, registers: [registry] });
  }

  override async get() {
    return { ...(await super.get()), values: valuesOf(await this.read()) };
  }
}

/** A counter that counts elsewhere. */
export class ReadCounter extends Counter {
  constructor(
    { registry, ...description }: Description,
    private readonly read: Read,
  ) {
    super({ ...description, registers: [registry] });
  }

  override async get() {
    return { ...(await super.get()), values: valuesOf(await this.read()) };
  }
}

/** A histogram whose values are counted elsewhere. */
export class ReadHistogram extends Histogram {
  constructor(
    private readonly description: Description,
    private readonly read: () => Promise<Distribution | undefined>,
  ) {
    const { registry, ...rest } = description;
    super({ ...rest, registers: [registry] });
  }

  /** What the registry asks a histogram for. */
  async getForPromString() {
    const { name, help } = this.description;
    const distribution = await this.read();
    const values = distribution ? histogramValues(name, distribution) : [];
    return { name, help, type: 'histogram', values, aggregator: 'sum' };
  }
}

function valuesOf(samples: readonly Sample[]) {
  return samples.map(({ labels = {}, value }) => ({ labels: { ...labels }, value }));
}

function histogramValues(name: string, { bounds, counts, sum }: Distribution) {
  let count = 0;
  const buckets = [...bounds, '+Inf'].map((le, i) => {
    count += counts[i] ?? 0;
    return { metricName: `${name}_bucket`, labels: { le }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ];
}
