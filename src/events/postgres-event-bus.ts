import { Injectable, Logger, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { AppConfig } from '../config/app-config.js';
import { EVENT_CHANNELS, EventBus, type EventChannel, type EventListener, MAX_EVENT_BYTES } from './event-bus.js';

const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

/**
 * Events through LISTEN and NOTIFY. One connection of its own listens to every channel for the whole process (a pooled
 * one would forget its subscriptions); sending goes through the pool.
 */
@Injectable()
export class PostgresEventBus extends EventBus implements OnModuleInit, OnApplicationShutdown {
  private readonly logger = new Logger(PostgresEventBus.name);
  private readonly listeners = new Map<string, Set<EventListener>>();
  private client: Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly config: AppConfig,
    private readonly database: DataSource,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    await this.connect();
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    clearTimeout(this.retry);
    const client = this.client;
    this.client = undefined;
    await client?.end();
  }

  async publish(channel: EventChannel, payload: string): Promise<void> {
    const size = Buffer.byteLength(payload);
    if (size > MAX_EVENT_BYTES) throw new RangeError(`the event has ${size} bytes; the limit is ${MAX_EVENT_BYTES}`);
    await this.database.query('SELECT pg_notify($1, $2)', [channel, payload]);
  }

  subscribe(channel: EventChannel, listener: EventListener): () => void {
    const listeners = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  private async connect(): Promise<void> {
    const client = new Client({
      connectionString: this.config.databaseUrl,
      application_name: 'thinker events',
      keepAlive: true,
    });
    client.on('notification', ({ channel, payload }) => this.deliver(channel, payload ?? ''));
    client.on('error', (error) => this.lost(client, error));
    client.on('end', () => this.lost(client, new Error('the connection was closed')));
    this.client = client;
    try {
      await client.connect();
      for (const channel of Object.values(EVENT_CHANNELS)) await client.query(`LISTEN ${channel}`);
    } catch (error) {
      // Closing must not count as a second loss of the connection.
      this.client = undefined;
      await client.end().catch(() => undefined);
      throw error;
    }
  }

  private deliver(channel: string, payload: string): void {
    for (const listener of [...(this.listeners.get(channel) ?? [])]) listener.onEvent(payload);
  }

  private lost(client: Client, error: Error): void {
    if (this.closed || this.client !== client) return;
    this.client = undefined;
    this.logger.warn(`Lost the event connection to Postgres; reconnecting: ${error.message}`);
    void client.end().catch(() => undefined);
    this.reconnect(FIRST_RETRY_MS);
  }

  private reconnect(delayMs: number): void {
    this.retry = setTimeout(() => {
      this.connect().then(
        () => this.tellGap(),
        () => this.reconnect(Math.min(delayMs * 2, MAX_RETRY_MS)),
      );
    }, delayMs);
  }

  private tellGap(): void {
    this.logger.log('The event connection to Postgres is restored');
    for (const listeners of this.listeners.values()) for (const listener of [...listeners]) listener.onGap?.();
  }
}
