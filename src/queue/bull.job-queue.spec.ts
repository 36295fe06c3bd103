import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppConfig } from '../config/app-config.js';
import { BullJobQueue } from './bull.job-queue.js';

/** A connection to Redis, and Bull's queue on it, as far as their events go. */
class FakeClient extends EventEmitter {
  status = 'ready';
  readonly ping = () => Promise.resolve('PONG');
}
class FakeQueue extends EventEmitter {
  readonly client = new FakeClient();
}

let bull: FakeQueue;
let said: string[];
beforeEach(async () => {
  said = [];
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => void said.push(String(line)));
  vi.spyOn(Logger.prototype, 'log').mockImplementation((line: unknown) => void said.push(String(line)));
  bull = new FakeQueue();
  const config = AppConfig.fromEnv({ DATABASE_URL: 'postgres://localhost/x', REDIS_URL: 'redis://localhost' });
  await new BullJobQueue(config, bull as never).onModuleInit();
});
afterEach(() => vi.restoreAllMocks());

const missing = new Error('Missing key for job future_1 moveToFinished');

describe('BullJobQueue', () => {
  it('does not take a job that Redis has forgotten for a lost connection', () => {
    bull.emit('error', missing);
    expect(said).toEqual([expect.stringContaining('Missing key for job future_1')]);
    expect(said.join()).not.toContain('Lost the connection to Redis');
  });

  it('says once that Redis is gone and once that it is back, also after jobs were forgotten', () => {
    bull.emit('error', missing);
    said = [];
    bull.client.status = 'reconnecting';
    bull.client.emit('reconnecting');
    bull.emit('error', new Error('connect ECONNREFUSED'));
    bull.client.status = 'ready';
    bull.client.emit('ready');
    expect(said).toEqual([
      expect.stringContaining('Lost the connection to Redis'),
      'The connection to Redis is restored',
    ]);
  });

  it('takes an error without a connection for its loss', () => {
    bull.client.status = 'reconnecting';
    bull.emit('error', new Error('connect ECONNREFUSED'));
    expect(said).toEqual([expect.stringContaining('Lost the connection to Redis (connect ECONNREFUSED)')]);
  });
});
