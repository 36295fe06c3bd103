import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  DatabaseOutageError,
  isConnectionError,
  isUnstorable,
  toOutage,
} from '../common/errors/database-outage.error.js';
import { whenDatabaseIsBack } from './outage.js';
import { OUTAGE_PATIENCE_MS } from './patient-pool.js';

const withCode = (code: string) => Object.assign(new Error('said the driver'), { code });
const ofQuery = (driverError: Error) => Object.assign(new Error('the query failed'), { driverError });
const named = (name: string) => Object.assign(new Error(), { name });

describe('errors of the database', () => {
  it.each(['57P01', '57P02', '57P03', '25P03', '08006', '08001', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'])(
    '%s is an outage',
    (code) => {
      expect(isConnectionError(withCode(code))).toBe(true);
      expect(toOutage(ofQuery(withCode(code)))).toBeInstanceOf(DatabaseOutageError);
    },
  );

  it.each(['23505', '40001', '42P01', '57014', '28P01', 'ENOSPC'])('%s is none', (code) => {
    expect(isConnectionError(withCode(code))).toBe(false);
    expect(toOutage(ofQuery(withCode(code)))).toBeNull();
  });

  it('knows connections that are gone by what the driver says where it gives no code', () => {
    const gone = [
      'Connection terminated unexpectedly',
      'Client has encountered a connection error and is not queryable',
    ];
    for (const message of gone) expect(toOutage(ofQuery(new Error(message)))).not.toBeNull();
    expect(toOutage(named('QueryRunnerAlreadyReleasedError'))).not.toBeNull();
    expect(toOutage(named('QueryRunnerProviderAlreadyReleasedError'))).not.toBeNull();
    expect(isConnectionError(new AggregateError([withCode('ECONNREFUSED')]))).toBe(true);
    expect(toOutage(ofQuery(new Error('bind message has 2 parameters')))).toBeNull();
  });

  it('tells values that can never be stored from what may pass', () => {
    for (const code of ['22P05', '22021', '54000']) expect(isUnstorable(ofQuery(withCode(code)))).toBe(true);
    for (const code of ['23505', '53100', '57P01', 'ECONNRESET'])
      expect(isUnstorable(ofQuery(withCode(code)))).toBe(false);
    expect(isUnstorable(withCode('22P05'))).toBe(false);
  });

  it('leaves broken connections to others alone', () => {
    expect(toOutage(withCode('ECONNREFUSED'))).toBeNull();
    expect(toOutage('ECONNREFUSED')).toBeNull();
  });
});

describe('work that waits for the database', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('is done again until the database is back', async () => {
    const work = vi.fn<() => Promise<string>>();
    work.mockRejectedValueOnce(ofQuery(withCode('57P01'))).mockRejectedValueOnce(ofQuery(withCode('57P03')));
    work.mockResolvedValue('done');
    const result = whenDatabaseIsBack(work);
    await vi.runAllTimersAsync();
    expect(await result).toBe('done');
    expect(work).toHaveBeenCalledTimes(3);
  });

  it('is not done again for any other reason', async () => {
    const work = vi.fn(() => Promise.reject(ofQuery(withCode('23505'))));
    await expect(whenDatabaseIsBack(work)).rejects.toMatchObject({ message: 'the query failed' });
    expect(work).toHaveBeenCalledOnce();
  });

  it('is given up with 503 when the outage lasts', async () => {
    const began = performance.now();
    const outcome = whenDatabaseIsBack(() => Promise.reject(ofQuery(withCode('ECONNREFUSED')))).catch(
      (error: unknown) => error,
    );
    await vi.advanceTimersByTimeAsync(OUTAGE_PATIENCE_MS + 1000);
    expect(await outcome).toMatchObject({ code: 'database_unavailable', status: 503, details: { retry_after_s: 5 } });
    expect(performance.now() - began).toBeGreaterThanOrEqual(OUTAGE_PATIENCE_MS);
  });
});
