import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { Client } from 'pg';
import { type ServiceSettings } from '../../config/cli-config.js';
import { ApiError, ConnectionError, type ThinkerClient } from '../service/client.js';
import { type Finding, ok, problem, warning } from './check.js';

/** What the service needs around it, and whether one runs. */

const LIMIT_MS = 5000;

export async function checkPostgres({ config, hasDatabaseUrl }: ServiceSettings): Promise<Finding> {
  if (!hasDatabaseUrl) return ok('Postgres', 'DATABASE_URL is not set: `thinker serve` starts a private one');
  const client = new Client({ connectionString: config.databaseUrl, connectionTimeoutMillis: LIMIT_MS });
  const { host } = new URL(config.databaseUrl);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return ok('Postgres', `${rows[0]?.server_version ?? ''} at ${host}`);
  } catch (error) {
    const reason = `${host}: ${reasonOf(error)}`;
    return problem(
      'Postgres',
      reason,
      'Start it, or correct DATABASE_URL; without DATABASE_URL a private one is used.',
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

export async function checkRedis({ config: { redisUrl, role } }: ServiceSettings): Promise<Finding> {
  if (redisUrl !== '') {
    const { hostname, port, host } = new URL(redisUrl);
    const failure = await pingRedis(hostname, Number(port || 6379));
    const remedy = 'Start it, or correct REDIS_URL; without REDIS_URL and with ROLE=all none is needed.';
    return failure === undefined ? ok('Redis', host) : problem('Redis', `${host}: ${failure}`, remedy);
  }
  if (role !== 'all') return problem('Redis', `ROLE=${role} without REDIS_URL`, 'Set REDIS_URL.');
  const hasServer = spawnSync('redis-server', ['--version']).status === 0;
  const how = hasServer ? '`thinker serve` starts a private one' : 'the queue runs inside the service';
  return ok('Redis', `REDIS_URL is not set: ${how}`);
}

/** Why a Redis does not answer; one that asks for a password does. */
function pingRedis(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: LIMIT_MS }, () => socket.write('PING\r\n'));
    const finish = (failure?: string): void => {
      socket.destroy();
      resolve(failure);
    };
    socket.once('data', (reply) => finish(/^(\+PONG|-NOAUTH)/.test(reply.toString()) ? undefined : 'is not a Redis'));
    socket.once('timeout', () => finish('no answer'));
    socket.once('error', (error) => finish(reasonOf(error)));
  });
}

export async function checkService(url: string, connectTo: () => Promise<ThinkerClient>): Promise<Finding[]> {
  try {
    const client = await connectTo();
    const [{ version }, { status, checks }] = [await client.health(), await client.readiness()];
    const down = Object.entries(checks).filter(([, check]) => check['status'] === 'down');
    const reasons = down.map(([name, { message }]) => (typeof message === 'string' ? `${name}: ${message}` : name));
    if (status !== 'ready') {
      return [problem('Service', `${url} is not ready: ${reasons.join('; ')}`, 'See its log.')];
    }
    const models = (await client.capabilities()).supported_models.map(({ model_id: name }) => name);
    return [ok('Service', `${url}, version ${version}, ready`), ok('Base models', models.join(', '))];
  } catch (error) {
    if (error instanceof ConnectionError) {
      return [warning('Service', `${url} does not respond`, 'Start it with `thinker serve`, or set THINKER_URL.')];
    }
    if (error instanceof ApiError)
      return [problem('Service', error.message, 'Set THINKER_API_KEY to one of its keys.')];
    throw error;
  }
}

/** Errors about several addresses have no message of their own. */
function reasonOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
