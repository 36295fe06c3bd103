import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { isAnsweredWithoutKeys, isLoopback } from '../../common/http/access/host-names.js';
import { AppConfig } from '../../config/app-config.js';
import { ApiKeys, hashKey, pageKey } from '../keys/index.js';
import { MetricsRefusedError } from './metrics.error.js';

/**
 * Lets operators and the holder of METRICS_KEY read the metrics. Where no key exists at all, this machine may, and
 * everybody with ALLOW_NO_KEYS. A worker serves no other route that asks for keys, so this is asked here and not at the
 * gate of the API.
 */
@Injectable()
export class MetricsGuard implements CanActivate {
  constructor(
    private readonly keys: ApiKeys,
    private readonly config: AppConfig,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const {
      telemetry: { metricsKey },
      allowNoKeys,
    } = this.config;
    const key = pageKey(request);
    // Hashes, so that the time of the comparison tells nothing of the key.
    if (metricsKey !== '' && key !== undefined && hashKey(key) === hashKey(metricsKey)) return true;
    if (metricsKey !== '' || (await this.keys.areAskedFor())) {
      const isOperator = key !== undefined && (await this.keys.callerOf(key))?.isOperator === true;
      if (isOperator && (await this.keys.areAskedFor())) return true;
      throw new MetricsRefusedError(key === undefined ? 'no key' : 'wrong key');
    }
    const isHere = isLoopback(request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '');
    if (isAnsweredWithoutKeys(request, this.config) && (isHere || allowNoKeys)) return true;
    throw new MetricsRefusedError('other machine');
  }
}
