import { Injectable, Logger } from '@nestjs/common';
import { InjectEntityManager } from '@nestjs/typeorm';
import { EntityManager } from 'typeorm';
import { NO_OWNER } from '../../common/caller.js';
import { isLoopback } from '../../common/http/access/host-names.js';
import { AppConfig } from '../../config/app-config.js';
import { UnprotectedServerError } from './errors/key.errors.js';
import { hashKey, keyId } from './key-hash.js';
import { type KeyLimits } from './limits/key-limits.js';
import { hintOfKeyless } from './owners/ownership.js';
import { KEY_SCOPES, type KeyScope } from './scopes/key-scope.js';
import { type RouteScopes } from './scopes/route-scopes.js';
import { KeyUse } from './stored/key-use.js';
import { StoredKeys } from './stored/stored-keys.js';

const UNLIMITED = {
  requestsPerMinute: null,
  requestsPerDay: null,
  tokensPerMinute: null,
  tokensPerDay: null,
  concurrentOperations: null,
  storedBytes: null,
} as const;

/** Who sends a request. */
export interface Caller {
  readonly owner: string;
  /** May see what belongs to everybody: the queue's dashboard. */
  readonly isOperator: boolean;
}

/** Who may use the service: keys from API_KEYS, ADMIN_KEYS and the database. Where there never was one, everybody may. */
@Injectable()
export class ApiKeys {
  private readonly logger = new Logger(ApiKeys.name);
  /** Ids of the keys of API_KEYS and ADMIN_KEYS, and of the latter alone. */
  private readonly configured: ReadonlySet<string>;
  private readonly operators: ReadonlySet<string>;

  constructor(
    private readonly config: AppConfig,
    private readonly use: KeyUse,
    private readonly stored: StoredKeys,
    @InjectEntityManager() private readonly manager: EntityManager,
  ) {
    this.operators = new Set(config.adminKeys.map((key) => keyId(hashKey(key))));
    this.configured = new Set([...config.apiKeys.map((key) => keyId(hashKey(key))), ...this.operators]);
  }

  /** Whom the key stands for; null when it is missing or wrong though keys are asked for. */
  async callerOf(key: string | undefined): Promise<Caller | null> {
    if (!(await this.areAskedFor())) return { owner: NO_OWNER, isOperator: true };
    if (key === undefined) return null;
    const hash = hashKey(key);
    const owner = keyId(hash);
    if (this.configured.has(owner)) return { owner, isOperator: this.operators.has(owner) };
    const stored = await this.stored.find(owner);
    if (stored?.hash !== hash) return null;
    this.use.note(owner);
    return { owner, isOperator: false };
  }

  /** The same for the id of a key that was shown before, as to begin a session. */
  async callerOfId(id: string): Promise<Caller | null> {
    if (!(await this.mayUse(id))) return null;
    this.use.note(id);
    return { owner: id, isOperator: this.isOperator(id) };
  }

  /** @throws UnprotectedServerError when strangers could reach a server that asks for no key */
  async checkExposure(host: string): Promise<void> {
    if (isLoopback(host) || this.config.allowNoKeys) return;
    if (!(await this.areAskedFor())) throw new UnprotectedServerError(host);
  }

  /** Says at the start that what was made without keys is out of everybody's sight. */
  async warnOfKeyless(): Promise<void> {
    const hint = (await this.areAskedFor()) ? await hintOfKeyless(this.manager) : null;
    if (hint !== null) this.logger.warn(hint);
  }

  /** Whether a request needs a key: where there never was one, none does. */
  async areAskedFor(): Promise<boolean> {
    const areStored = await this.stored.areThereAny();
    return areStored || this.configured.size > 0;
  }

  /** Whether this owner may still use the service: its key counts, or it has none and none is asked for. */
  async mayUse(owner: string): Promise<boolean> {
    if (!(await this.areAskedFor())) return owner === NO_OWNER;
    return this.isConfigured(owner) || (await this.stored.find(owner)) !== undefined;
  }

  /** What the key of this id may do. Those of API_KEYS and ADMIN_KEYS, and a server without keys, have no bounds. */
  scopesOf(owner: string): readonly KeyScope[] {
    if (owner === NO_OWNER || this.isConfigured(owner)) return KEY_SCOPES;
    return this.stored.current(owner)?.scopes ?? [];
  }

  /** The scopes of which the key lacks one: empty when it has any of them. Undeclared routes take all scopes. */
  missingScopes(owner: string, required: Exclude<RouteScopes, 'none'> | undefined): readonly KeyScope[] {
    const own = this.scopesOf(owner);
    const isEnough =
      required === undefined ? own.length === KEY_SCOPES.length : required.some((one) => own.includes(one));
    return isEnough ? [] : (required ?? KEY_SCOPES);
  }

  /** What an owner may use. Operators, and whoever uses a server without keys, have none but that of adapters. */
  async limitsOf(owner: string): Promise<KeyLimits> {
    await this.stored.refresh();
    return this.knownLimitsOf(owner);
  }

  /** The same by what is known, for transactions: these must not wait for another connection. */
  knownLimitsOf(owner: string): KeyLimits {
    const { keyLimits, maxAdaptersPerKey: maxAdapters } = this.config;
    if (owner === NO_OWNER || this.operators.has(owner)) return { ...UNLIMITED, adapters: maxAdapters };
    const own = this.isConfigured(owner) ? {} : (this.stored.known(owner)?.limits ?? {});
    return { ...keyLimits, ...own, adapters: Math.min(own.adapters ?? maxAdapters, maxAdapters) };
  }

  /** Whether the key of this id stands in ADMIN_KEYS; where no key is asked for, everybody is an operator. */
  isOperator(id: string): boolean {
    return id === NO_OWNER || this.operators.has(id);
  }

  /** Whether the key of this id stands in API_KEYS or ADMIN_KEYS. */
  isConfigured(id: string): boolean {
    return this.configured.has(id);
  }

  /** Makes a change of the database count in this process before the event that tells all processes of it. */
  async reload(): Promise<void> {
    await this.stored.reload();
  }

  /** Refuses a key that has just been revoked, whatever a look at the database that is under way may say. */
  forget(id: string): void {
    this.stored.forget(id);
  }
}
