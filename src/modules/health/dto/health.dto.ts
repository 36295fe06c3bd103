export class LivenessDto {
  /**
   * Always ok: a dead process does not answer.
   * @example "ok"
   */
  status!: 'ok';

  /**
   * Version of the service.
   * @example "0.1.0"
   */
  version!: string;

  /**
   * Role of this process: 'all', 'api' or 'worker'.
   * @example "all"
   */
  role!: string;

  /**
   * Seconds since the process started.
   * @example 42
   */
  uptime_s!: number;
}

export class ReadinessDto {
  /**
   * 'ready' when requests sent now would be computed, else 'not_ready'.
   * @example "ready"
   */
  status!: 'ready' | 'not_ready';

  /**
   * Each check with its state and details.
   * @example {"database": {"status": "up"}, "queue": {"status": "up", "driver": "in-process"}, "worker": {"status": "up", "alive": 1}}
   */
  checks!: Record<string, Record<string, unknown>>;
}

export class ApiMapDto {
  /**
   * Name of the service.
   * @example "Thinker"
   */
  name!: string;

  /**
   * Version of the service.
   * @example "0.1.0"
   */
  version!: string;

  /**
   * Role of this process: 'all', 'api' or 'worker'.
   * @example "all"
   */
  role!: string;

  /**
   * Where to read on.
   * @example {"docs": "/docs", "openapi": "/docs-json", "queues": "/admin/queues", "health": "/healthz", "ready": "/readyz"}
   */
  links!: Record<string, string>;

  /**
   * How requests work.
   * @example "POST a request, get a request_id, POST /retrieve_future with it until the result is there."
   */
  pattern!: string;
}
