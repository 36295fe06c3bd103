import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
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
  const response = new ServerResponse(new IncomingMessage(new Socket())) as Response;
  logRequests({ method: 'GET', path, headers: {} } as Request, response, () => undefined);
  response.emit('close');
  expect(log.mock.calls.map(([line]) => String(line).split(' ', 2))).toEqual([['GET', shown]]);
  log.mockRestore();
});
