export class LivenessDto {
  /**
   * Always ok.
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
   * 'ready' if requests can be computed, otherwise 'not_ready'.
   * @example "ready"
   */
  status!: 'ready' | 'not_ready';

  /**
   * Status and details of each check.
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
   * Links to further documentation.
   * @example {"docs": "/docs", "openapi": "/docs-json", "queues": "/admin/queues", "health": "/healthz", "ready": "/readyz"}
   */
  links!: Record<string, string>;

  /**
   * How to send requests.
   * @example "POST a request, get a request_id, POST /retrieve_future with it until the result is there."
   */
  pattern!: string;
}
