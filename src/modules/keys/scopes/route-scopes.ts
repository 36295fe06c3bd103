import { OPERATOR_PAGES } from '../../../common/http/access/page-guard.js';
import { KEY_SCOPES, type KeyScope } from './key-scope.js';

/**
 * What a route asks of a key: one of several scopes, or nothing: it is answered without a key, signed, or for operators,
 * which the key gate decides.
 */
export type RouteScopes = readonly KeyScope[] | 'none';

/**
 * The only list of what each route needs. Paths are those of the router, with `:name` for parameters. A route that is not
 * named here is closed to every key that lacks a scope, and the OpenAPI document cannot be written.
 */
const ROUTES: readonly { readonly scopes: RouteScopes; readonly routes: readonly string[] }[] = [
  {
    scopes: 'none',
    routes: [
      'GET /',
      'GET /favicon.ico',
      'GET /healthz',
      'GET /readyz',
      'GET /metrics',
      'GET /api/v1/healthz',
      'GET /hf/:path',
      'GET /api/v1/archives/:token',
      'GET /api/v1/files/:token',
      'GET /api/v1/traces/:token',
    ],
  },
  {
    // What every client does, whatever it came for: open a session, wait for its own results, ask what the server can do.
    scopes: KEY_SCOPES,
    routes: [
      'POST /retrieve_future',
      'GET /futures/:request_id/events',
      'POST /get_info',
      'GET /get_server_capabilities',
      'GET /keys/me',
      'GET /list_loss_functions',
      'GET /api/v1/auth/apikey/me',
      'DELETE /api/v1/auth/apikey/me',
      'POST /console/session',
      'GET /console/session',
      'DELETE /console/session',
      'POST /api/v1/client/config',
      'POST /api/v1/client/dynamic_config',
      'POST /api/v1/create_session',
      'POST /api/v1/session_heartbeat',
      'POST /api/v1/sessions/:session_id/finish',
      'POST /api/v1/telemetry',
      'GET /api/v1/get_server_capabilities',
      'POST /api/v1/get_info',
      'POST /api/v1/weights_info',
      'POST /api/v1/retrieve_future',
      'POST /api/v1/retrieve_futures',
    ],
  },
  {
    // Clients that sample look for their model first.
    scopes: ['read', 'sample'],
    routes: ['GET /v1/models', 'GET /v1/models/:model', 'GET /api/v1/samplers/:sampler_id'],
  },
  {
    scopes: ['train', 'sample'],
    routes: [
      'POST /futures/:request_id/cancel',
      'POST /api/v1/cancel_future',
      'PUT /v1/captures/settings',
      'POST /v1/feedback',
    ],
  },
  {
    scopes: ['read'],
    routes: [
      'GET /adapters',
      'GET /adapters/:model_id',
      'GET /adapters/:model_id/checkpoints',
      'GET /adapters/:model_id/export',
      'GET /adapters/:model_id/history',
      'POST /adapters/:model_id/push',
      'GET /adapters/:model_id/metrics',
      'GET /aliases',
      'GET /aliases/:alias',
      'GET /futures',
      'GET /futures/:request_id',
      'GET /overview',
      'GET /events',
      'GET /loss_functions',
      'GET /loss_functions/:name',
      'GET /webhooks',
      'GET /webhooks/:webhook_id',
      'GET /webhooks/:webhook_id/deliveries',
      'GET /v1/captures',
      'GET /v1/captures/settings',
      'GET /v1/captures/:id',
      'GET /v1/files',
      'GET /v1/files/:file_id',
      'GET /v1/files/:file_id/content',
      'GET /v1/fine_tuning/jobs',
      'GET /v1/fine_tuning/jobs/:fine_tuning_job_id',
      'GET /v1/fine_tuning/jobs/:fine_tuning_job_id/checkpoints',
      'GET /v1/fine_tuning/jobs/:fine_tuning_job_id/events',
      'GET /v1/fine_tuning/jobs/:fine_tuning_job_id/metrics',
      'GET /api/v1/audit',
      'GET /api/v1/billing/usage/checkpoints/current',
      'GET /api/v1/billing/usage/events',
      'GET /api/v1/checkpoints',
      'GET /api/v1/sessions',
      'POST /api/v1/sessions/search',
      'GET /api/v1/sessions/:session_id',
      'GET /api/v1/sessions/:session_id/trace_export',
      'GET /api/v1/training_runs',
      'GET /api/v1/training_runs/:training_run_id',
      'GET /api/v1/training_runs/:training_run_id/checkpoints',
      'GET /api/v1/training_runs/:training_run_id/checkpoints/external_weights/:name/external_weights_urls',
      'GET /api/v1/training_runs/:training_run_id/checkpoints/:kind/:name/archive',
    ],
  },
  {
    scopes: ['sample'],
    routes: [
      'POST /generate',
      'POST /v1/chat/completions',
      'POST /v1/completions',
      'POST /v1/embeddings',
      'POST /v1/messages',
      'POST /v1/messages/count_tokens',
      'POST /api/v1/asample',
      'POST /api/v1/create_sampling_session',
    ],
  },
  {
    scopes: ['train'],
    routes: [
      'POST /adapters',
      'POST /adapters/import',
      'DELETE /adapters/:model_id',
      'POST /adapters/:model_id/fork',
      'POST /adapters/:model_id/rewind',
      'DELETE /adapters/:model_id/checkpoints/:kind/:name',
      'POST /add_lora',
      'POST /remove_lora',
      'POST /fwd',
      'POST /fwdbwd',
      'POST /optim_step',
      'POST /save_weights',
      'POST /load_weights',
      'POST /save_weights_for_sampler',
      'POST /loss_functions',
      'POST /loss_functions/preview',
      'DELETE /loss_functions/:name',
      'PUT /aliases/:alias',
      'DELETE /aliases/:alias',
      'POST /aliases/:alias/promote',
      'POST /aliases/:alias/rollback',
      'POST /webhooks',
      'DELETE /webhooks/:webhook_id',
      'POST /webhooks/:webhook_id/ping',
      'POST /webhooks/:webhook_id/rotate_secret',
      'DELETE /v1/captures/:id',
      'POST /v1/feedback/files',
      'POST /v1/files',
      'DELETE /v1/files/:file_id',
      'POST /v1/fine_tuning/jobs',
      'POST /v1/fine_tuning/jobs/:fine_tuning_job_id/cancel',
      'POST /v1/fine_tuning/jobs/:fine_tuning_job_id/pause',
      'POST /v1/fine_tuning/jobs/:fine_tuning_job_id/resume',
      'DELETE /v1/models/:model',
      'POST /api/v1/create_model',
      'POST /api/v1/unload_model',
      'POST /api/v1/forward',
      'POST /api/v1/forward_backward',
      'POST /api/v1/optim_step',
      'POST /api/v1/save_weights',
      'POST /api/v1/save_weights_external',
      'POST /api/v1/save_weights_for_sampler',
      'POST /api/v1/load_weights',
      'POST /api/v1/copy_weights',
      'PUT /api/v1/sessions/:session_id/project',
      'DELETE /api/v1/training_runs/:training_run_id/checkpoints/:kind/:name',
      'POST /api/v1/training_runs/:training_run_id/checkpoints/:kind/:name/publish',
      'DELETE /api/v1/training_runs/:training_run_id/checkpoints/:kind/:name/publish',
      'PUT /api/v1/training_runs/:training_run_id/checkpoints/:kind/:name/ttl',
    ],
  },
];

const SCOPES = new Map(ROUTES.flatMap(({ scopes, routes }) => routes.map((route) => [route, scopes] as const)));

/**
 * The scopes of which a key needs one to use the route; undefined for a route that nobody has declared.
 * @param path as the router or the OpenAPI document writes it: `/adapters/:model_id`, `/models/*model`, `/adapters/{model_id}`
 */
export function scopesOfRoute(method: string, path: string): RouteScopes | undefined {
  if (OPERATOR_PAGES.test(path)) return 'none';
  const name = method.toUpperCase() === 'HEAD' ? 'GET' : method.toUpperCase();
  return SCOPES.get(`${name} ${path.replaceAll(/\/(?:[:*](\w+)|\{(\w+)\})/g, '/:$1$2')}`);
}

/** Every route of the list, as `METHOD /path`. */
export function declaredRoutes(): string[] {
  return [...SCOPES.keys()];
}
