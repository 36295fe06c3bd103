import { Injectable } from '@nestjs/common';
import { BacklogRepository } from '../futures/index.js';
import { type TokenTotals, UsageRepository } from '../usage/index.js';

/** Rates are means over at most this long. */
const WINDOW_MS = 30_000;
/** Totals that are younger tell too little. */
const MIN_SPAN_MS = 900;
/** Counting begins anew after this long, so that sums are over few hours. */
const MAX_AGE_MS = 2 * 3600_000;

/** Tokens per second. */
export type TokenRates = TokenTotals;

interface Reading {
  readonly at: number;
  readonly totals: ReadonlyMap<string, TokenTotals>;
}

const NONE: TokenRates = { promptTokens: 0, trainedTokens: 0, sampledTokens: 0 };

/**
 * Tokens per second, from the usage that is counted when results are stored: the difference of two readings. The first
 * reading gives none; this process remembers readings while somebody asks.
 */
@Injectable()
export class TokenRatesService {
  private readings: Reading[] = [];
  private since = new Date();
  private reading: Promise<void> | null = null;

  constructor(
    private readonly backlog: BacklogRepository,
    private readonly usage: UsageRepository,
  ) {}

  /** `owner`: undefined for everybody's. Null until there are two readings. */
  async rates(owner: string | undefined): Promise<TokenRates | null> {
    this.reading ??= this.read(owner).finally(() => (this.reading = null));
    await this.reading;
    const last = this.readings.at(-1);
    if (last === undefined || last.at - (this.readings[0]?.at ?? last.at) < MIN_SPAN_MS) return null;
    const owners = owner === undefined ? [...last.totals.keys()] : [owner];
    return owners.map((one) => this.ratesOf(one, last)).reduce(plus, NONE);
  }

  /** Since the first reading that has the owner. */
  private ratesOf(owner: string, last: Reading): TokenRates {
    const first = this.readings.find(({ totals }) => totals.has(owner));
    const [before, now] = [first?.totals.get(owner), last.totals.get(owner)];
    if (first === undefined || first === last || before === undefined || now === undefined) return NONE;
    const perSecond = (name: keyof TokenTotals) => ((now[name] - before[name]) * 1000) / (last.at - first.at);
    return {
      promptTokens: perSecond('promptTokens'),
      trainedTokens: perSecond('trainedTokens'),
      sampledTokens: perSecond('sampledTokens'),
    };
  }

  private async read(owner: string | undefined): Promise<void> {
    const at = performance.now();
    if (at - (this.readings.at(-1)?.at ?? -Infinity) < MIN_SPAN_MS) return;
    if (this.readings.length === 0 || Date.now() - this.since.getTime() > MAX_AGE_MS) {
      this.readings = [];
      this.since = new Date();
    }
    const active = await this.backlog.activeOwners(WINDOW_MS / 1000);
    const known = [...(this.readings.at(-1)?.totals.keys() ?? []), ...(owner === undefined ? [] : [owner])];
    const totals = await this.usage.totalsSince([...new Set([...active, ...known])], this.since);
    this.readings = [...this.readings.filter((one) => one.at > at - WINDOW_MS), { at, totals }];
  }
}

function plus(a: TokenRates, b: TokenRates): TokenRates {
  return {
    promptTokens: a.promptTokens + b.promptTokens,
    trainedTokens: a.trainedTokens + b.trainedTokens,
    sampledTokens: a.sampledTokens + b.sampledTokens,
  };
}
