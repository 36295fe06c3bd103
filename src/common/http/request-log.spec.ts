import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { expect, it, vi } from 'vitest';
import { logRequests } from './request-log.js';

it.each([
  ['/api/v1/archives/abc.def', '/api/v1/archives/***'],
  ['/api/v1/files/abc.def', '/api/v1/files/***'],
  ['/API/v1/traces/abc.def/', '/API/v1/traces/***'],
  ['/api/v1/training_runs/a/checkpoints', '/api/v1/training_runs/a/checkpoints'],
  ['/api/v1/files', '/api/v1/files'],
])('logs %s as %s', (path, shown) => {
  const log = vi.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
  const response = Object.assign(new EventEmitter(), { writableFinished: true, statusCode: 200 });
  logRequests({ method: 'GET', path } as Request, response as unknown as Response, () => undefined);
  response.emit('close');
  expect(log).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/^GET \S+ 200 [\d.]+ ms$/));
  expect(String(log.mock.calls[0]![0]).split(' ')[1]).toBe(shown);
  log.mockRestore();
});
