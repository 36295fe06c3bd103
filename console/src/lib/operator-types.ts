/** Generated from openapi.json by `npm run openapi`. Do not edit. */

export interface paths {
    "/admin/adapters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the adapters of all keys
         * @description Returns the adapters of all keys with their owners, newest first and page by page, optionally filtered by owner or name. Requires one of ADMIN_KEYS. Example: `curl "http://127.0.0.1:8000/admin/adapters?limit=20"`
         */
        get: operations["AllAdapters_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/adapters/{adapter_id}/hand_over": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Transfer an adapter
         * @description Transfers one adapter to another key, with its checkpoints, history and pending requests. Usage stays with the key that caused it. Refused if the new owner has an adapter or alias of the same name, or while a fine-tuning job trains it. Requires one of ADMIN_KEYS. Example: `curl -X POST http://127.0.0.1:8000/admin/adapters/adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/hand_over -H "Content-Type: application/json" -d '{"to":"alice"}'`
         */
        post: operations["Owners_handOverAdapter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/hand_over": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Transfer the resources of a key
         * @description Transfers all resources of one key, or those created without keys, to another key: adapters, checkpoints, sessions, losses, requests and usage. If both keys have a resource of the same name, nothing is transferred. Requires one of ADMIN_KEYS. Example: `curl -X POST http://127.0.0.1:8000/admin/hand_over -H "Content-Type: application/json" -d '{"from":"","to":"alice"}'`
         */
        post: operations["Owners_handOver"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List API keys
         * @description Returns the keys that were created here or with `npm run keys`, revoked ones included, newest first and page by page. Keys of API_KEYS and ADMIN_KEYS are not listed. Requires one of ADMIN_KEYS. Example: `curl http://127.0.0.1:8000/admin/keys`
         */
        get: operations["KeyAdministration_list"];
        put?: never;
        /**
         * Create an API key
         * @description Returns the key itself in `secret`, this once: the server stores only its hash. Without `scopes`, it may do everything except administer the server. Requires one of ADMIN_KEYS. Example: `curl -X POST http://127.0.0.1:8000/admin/keys -H "Content-Type: application/json" -d '{"name":"web shop","scopes":["sample"]}'`
         */
        post: operations["KeyAdministration_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/keys/{key_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an API key
         * @description Requires one of ADMIN_KEYS. Example: `curl http://127.0.0.1:8000/admin/keys/key_0123456789abcdef`
         */
        get: operations["KeyAdministration_get"];
        put?: never;
        post?: never;
        /**
         * Revoke an API key
         * @description The key is refused from now on; processes that have lost their connection for notifications follow within 5 seconds. Its adapters and files stay; POST /admin/hand_over gives them to another key. Requires one of ADMIN_KEYS. Example: `curl -X DELETE http://127.0.0.1:8000/admin/keys/key_0123456789abcdef`
         */
        delete: operations["KeyAdministration_revoke"];
        options?: never;
        head?: never;
        /**
         * Change an API key
         * @description Renames the key, or changes its scopes, priority or expiry. Omitted fields are not changed. Takes effect immediately; processes that have lost their connection for notifications follow within 5 seconds. Requires one of ADMIN_KEYS. Example: `curl -X PATCH http://127.0.0.1:8000/admin/keys/key_0123456789abcdef -H "Content-Type: application/json" -d '{"scopes":["sample"]}'`
         */
        patch: operations["KeyAdministration_change"];
        trace?: never;
    };
    "/admin/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the operations of all keys
         * @description Returns operations with their owners, newest first and page by page. Filters can be combined. Requires one of ADMIN_KEYS. Example: `curl "http://127.0.0.1:8000/admin/operations?status=failed&limit=20"`
         */
        get: operations["AllOperations_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/operations/{request_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an operation of any key
         * @description Requires one of ADMIN_KEYS. Example: `curl http://127.0.0.1:8000/admin/operations/future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        get: operations["AllOperations_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/owners": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List owners
         * @description Returns every key that owns resources, and the resources created without keys, with the bytes that they take and the usage of the last 7 days. Requires one of ADMIN_KEYS. Example: `curl http://127.0.0.1:8000/admin/owners`
         */
        get: operations["Owners_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/queue": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the state of the queue
         * @description Pending and running operations, and whether the queue is paused. Requires one of ADMIN_KEYS. Example: `curl http://127.0.0.1:8000/admin/queue`
         */
        get: operations["Queue_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/queue/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause the queue
         * @description Workers start no more operations; running ones continue. Requests are still accepted, and polls for them report the reason. The pause outlives restarts. Requires one of ADMIN_KEYS. Example: `curl -X POST http://127.0.0.1:8000/admin/queue/pause -H "Content-Type: application/json" -d '{"reason":"new disks, back at 14:00 UTC"}'`
         */
        post: operations["Queue_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/queue/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume the queue
         * @description Workers continue within a second. Requires one of ADMIN_KEYS. Example: `curl -X POST http://127.0.0.1:8000/admin/queue/resume`
         */
        post: operations["Queue_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the usage of keys by day
         * @description Returns the usage of completed requests by key and day (UTC), over at most 31 days. Requires one of ADMIN_KEYS. Example: `curl http://127.0.0.1:8000/admin/usage`
         */
        get: operations["AllUsage_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List workers
         * @description Returns the workers that are alive, with their operations and adapters. Requires one of ADMIN_KEYS. Example: `curl http://127.0.0.1:8000/admin/workers`
         */
        get: operations["Workers_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/workers/{worker_id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a worker out of service
         * @description The worker starts no more operations, finishes those that it runs, writes the states of its adapters, and leaves them to other workers. Once its `status` is `drained`, its process can be stopped without delaying any request. Requires one of ADMIN_KEYS. Example: `curl -X POST http://127.0.0.1:8000/admin/workers/worker_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/drain`
         */
        post: operations["Workers_drain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/admin/workers/{worker_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a worker back into service
         * @description Ends a drain, whether it is complete or not. Requires one of ADMIN_KEYS. Example: `curl -X POST http://127.0.0.1:8000/admin/workers/worker_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/resume`
         */
        post: operations["Workers_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/billing/usage/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get usage by hour
         * @description Returns the usage of completed requests of this key, by session, model and kind of request. It is kept when the requests themselves are deleted. Example: `curl "http://127.0.0.1:8000/api/v1/billing/usage/events?starting_on=2026-11-23T00:00:00Z&ending_before=2026-11-24T00:00:00Z"`
         */
        get: operations["TinkerUsage_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Checkpoints of all training runs, newest first
         * @description Example: `curl "http://127.0.0.1:8000/api/v1/checkpoints?limit=100"`
         */
        get: operations["TinkerRuns_listAll"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AdapterHandOverDto: {
            /**
             * @description Name or id of the key to transfer to.
             * @example alice
             */
            to: string;
        };
        AdapterHandedOverDto: {
            /**
             * @description Id of the adapter.
             * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            adapter_id: string;
            /**
             * @description Checkpoints that were transferred with it.
             * @example 2
             */
            checkpoints: number;
            /**
             * @description Id of the former owner; empty for an adapter created without keys.
             * @example key_fedcba9876543210
             */
            from: string;
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Id of the new owner.
             * @example key_0123456789abcdef
             */
            owner: string;
        };
        AdapterLoraDto: {
            /**
             * @description B A x is multiplied by alpha / rank.
             * @example 32
             */
            alpha: number;
            /**
             * @description Modules with a different alpha, as in PEFT; only for imported adapters.
             * @example {
             *       "lm_head": 8
             *     }
             */
            alpha_pattern?: {
                [key: string]: number;
            };
            /**
             * @description Probability of dropping an input of the A matrices while training.
             * @example 0
             */
            dropout: number;
            /**
             * @description Target modules without LoRA, as in PEFT; only for imported adapters.
             * @example [
             *       "model.layers.0.mlp.down_proj"
             *     ]
             */
            exclude_modules?: string[];
            /**
             * @description Rank of the low-rank matrices.
             * @example 16
             */
            rank: number;
            /**
             * @description Modules with a different rank, as in PEFT; only for imported adapters.
             * @example {
             *       "lm_head": 4
             *     }
             */
            rank_pattern?: {
                [key: string]: number;
            };
            /**
             * @description Seed of the initial matrices and the dropout masks; a string of digits if a float64 cannot represent it exactly.
             * @example 0
             */
            seed: number | string;
            /**
             * @description Linear layers with LoRA.
             * @example [
             *       "q_proj",
             *       "v_proj"
             *     ]
             */
            target_modules: string[];
            /**
             * @description Whether the scale is alpha / sqrt(rank) instead of alpha / rank.
             * @example false
             */
            use_rslora: boolean;
        };
        ChangeKeyDto: {
            /**
             * Format: date-time
             * @description ISO 8601 time from which on the key is refused; null for a key that does not expire.
             * @example 2030-01-31T00:00:00Z
             */
            expires_at?: string | null;
            /**
             * @description What the key may use; replaces all limits that the key has.
             * @example {
             *       "requests_per_minute": 60,
             *       "tokens_per_day": 10000000
             *     }
             */
            limits?: components["schemas"]["KeyLimitsDto"];
            /**
             * @description Name of the key, for people; it need not be unique.
             * @example alice
             */
            name?: string;
            /**
             * @description Share of the engine's time when several keys have work: each level gets four times as much as the one below.
             * @example normal
             * @enum {string}
             */
            priority?: "high" | "low" | "normal";
            /**
             * @description What the key may do: `train` changes things, `sample` runs inference, `read` reads what the key owns.
             * @example [
             *       "sample",
             *       "read"
             *     ]
             */
            scopes?: ("read" | "sample" | "train")[];
        };
        CheckpointUsageDto: {
            /**
             * @description Number of checkpoints.
             * @example 1
             */
            count: number;
            /**
             * @description Checkpoints that were saved.
             * @example checkpoint
             * @enum {string}
             */
            type: "checkpoint";
        };
        CreateKeyDto: {
            /**
             * Format: date-time
             * @description ISO 8601 time from which on the key is refused; null for a key that does not expire.
             * @example 2030-01-31T00:00:00Z
             */
            expires_at?: string | null;
            /**
             * @description What the key may use; replaces all limits that the key has.
             * @example {
             *       "requests_per_minute": 60,
             *       "tokens_per_day": 10000000
             *     }
             */
            limits?: components["schemas"]["KeyLimitsDto"];
            /**
             * @description Name of the key, for people; it need not be unique.
             * @example alice
             */
            name: string;
            /**
             * @description Share of the engine's time when several keys have work: each level gets four times as much as the one below.
             * @example normal
             * @enum {string}
             */
            priority?: "high" | "low" | "normal";
            /**
             * @description What the key may do: `train` changes things, `sample` runs inference, `read` reads what the key owns.
             * @example [
             *       "sample",
             *       "read"
             *     ]
             */
            scopes?: ("read" | "sample" | "train")[];
        };
        CreatedKeyDto: {
            /**
             * @description Creation time.
             * @example 2026-11-23T10:15:30.000Z
             */
            created_at: string;
            /**
             * @description Time from which on the key is refused; null if it does not expire.
             * @example 2030-01-31T00:00:00.000Z
             */
            expires_at: string | null;
            /**
             * @description Id of the key, which is also the owner of what it creates.
             * @example key_0123456789abcdef
             */
            id: string;
            /**
             * @description Time of its latest request, to about a minute; null if it has sent none.
             * @example 2026-11-24T08:00:00.000Z
             */
            last_used_at: string | null;
            /**
             * @description Limits of its own; those left out are the server's defaults.
             * @example {
             *       "requests_per_minute": 60
             *     }
             */
            limits: components["schemas"]["KeyLimitsDto"];
            /**
             * @description Name of the key.
             * @example alice
             */
            name: string;
            /**
             * @description Share of the engine's time when several keys have work: each level gets four times as much as the one below.
             * @example normal
             * @enum {string}
             */
            priority: "high" | "low" | "normal";
            /**
             * @description Time at which it was revoked; null if it was not.
             * @example null
             */
            revoked_at: string | null;
            /**
             * @description What the key may do.
             * @example [
             *       "train",
             *       "sample",
             *       "read"
             *     ]
             */
            scopes: ("read" | "sample" | "train")[];
            /**
             * @description The key itself, for the header X-API-Key. It is shown only this once.
             * @example tml-7PZ2jEJ1qWgPC9xZcC5mD1dQZ3uRkqJY4m0xT8sVb2Q
             */
            secret: string;
            /**
             * @description `active`, `expired` or `revoked`; only active keys are accepted.
             * @example active
             * @enum {string}
             */
            status: "active" | "expired" | "revoked";
        };
        CursorDto: {
            /**
             * @description Entries per page.
             * @example 20
             */
            limit: number;
            /**
             * @description Entries skipped.
             * @example 0
             */
            offset: number;
            /**
             * @description Total number of entries.
             * @example 1
             */
            total_count: number;
        };
        DayOfUseDto: {
            /**
             * @description The day, in UTC.
             * @example 2026-11-23
             */
            day: string;
            /**
             * @description Id of the key; empty for usage without keys.
             * @example key_0123456789abcdef
             */
            owner: string;
            /**
             * @description Tokens of prompts.
             * @example 2400
             */
            prompt_tokens: number;
            /**
             * @description Completed requests.
             * @example 120
             */
            requests: number;
            /**
             * @description Milliseconds from the start of each request to its end.
             * @example 84000
             */
            running_ms: number;
            /**
             * @description Tokens sampled.
             * @example 900
             */
            sampled_tokens: number;
            /**
             * @description Tokens trained.
             * @example 60000
             */
            trained_tokens: number;
        };
        ErrorContentDto: {
            /**
             * @description Who can fix it: the client ("user"), the operator ("server"), or "unknown".
             * @example user
             * @enum {string}
             */
            category: "server" | "unknown" | "user";
            /**
             * @description Stable code for programs.
             * @example invalid_request
             */
            code: string;
            /**
             * @description The field that caused the error, the remedy, and more details depending on the code.
             * @example {
             *       "field": "data",
             *       "remedy": "Pass conversations or datums."
             *     }
             */
            details?: {
                [key: string]: unknown;
            };
            /**
             * @description The problem, where it occurred, and the remedy.
             * @example data is empty. Give conversations or datums.
             */
            message: string;
        };
        ErrorDto: {
            /** @description The error. */
            error: components["schemas"]["ErrorContentDto"];
            /**
             * @description The HTTP status code.
             * @example 400
             */
            status_code: number;
        };
        FutureErrorDto: {
            /**
             * @description Who can fix it: 'user', 'server' or 'unknown'.
             * @example user
             */
            category: string;
            /**
             * @description Stable code for programs.
             * @example invalid_request
             */
            code: string;
            /**
             * @description The problem and the remedy.
             * @example There are no gradients to apply: call /fwdbwd first.
             */
            message: string;
        };
        HandOverDto: {
            /**
             * @description Name or id of the key to transfer from; empty for resources created without keys.
             * @example
             */
            from: string;
            /**
             * @description Name or id of the key to transfer to.
             * @example alice
             */
            to: string;
        };
        HandedOverDto: {
            /**
             * @description Live adapters.
             * @example 2
             */
            adapters: number;
            /**
             * @description Aliases.
             * @example 1
             */
            aliases: number;
            /**
             * @description Captured sampling requests.
             * @example 0
             */
            captures: number;
            /**
             * @description Named checkpoints.
             * @example 5
             */
            checkpoints: number;
            /**
             * @description Files of training data and of results.
             * @example 3
             */
            files: number;
            /**
             * @description Formula losses.
             * @example 0
             */
            losses: number;
            /**
             * @description Id of the new owner.
             * @example key_0123456789abcdef
             */
            owner: string;
            /**
             * @description Sessions of the Tinker SDK.
             * @example 1
             */
            sessions: number;
        };
        KeyDto: {
            /**
             * @description Creation time.
             * @example 2026-11-23T10:15:30.000Z
             */
            created_at: string;
            /**
             * @description Time from which on the key is refused; null if it does not expire.
             * @example 2030-01-31T00:00:00.000Z
             */
            expires_at: string | null;
            /**
             * @description Id of the key, which is also the owner of what it creates.
             * @example key_0123456789abcdef
             */
            id: string;
            /**
             * @description Time of its latest request, to about a minute; null if it has sent none.
             * @example 2026-11-24T08:00:00.000Z
             */
            last_used_at: string | null;
            /**
             * @description Limits of its own; those left out are the server's defaults.
             * @example {
             *       "requests_per_minute": 60
             *     }
             */
            limits: components["schemas"]["KeyLimitsDto"];
            /**
             * @description Name of the key.
             * @example alice
             */
            name: string;
            /**
             * @description Share of the engine's time when several keys have work: each level gets four times as much as the one below.
             * @example normal
             * @enum {string}
             */
            priority: "high" | "low" | "normal";
            /**
             * @description Time at which it was revoked; null if it was not.
             * @example null
             */
            revoked_at: string | null;
            /**
             * @description What the key may do.
             * @example [
             *       "train",
             *       "sample",
             *       "read"
             *     ]
             */
            scopes: ("read" | "sample" | "train")[];
            /**
             * @description `active`, `expired` or `revoked`; only active keys are accepted.
             * @example active
             * @enum {string}
             */
            status: "active" | "expired" | "revoked";
        };
        KeyLimitsDto: {
            /**
             * @description Adapters at a time, at most MAX_ADAPTERS_PER_KEY.
             * @example 10
             */
            adapters?: number | null;
            /**
             * @description Operations at a time that are accepted and not settled.
             * @example 32
             */
            concurrent_operations?: number | null;
            /**
             * @description Requests per day (UTC) that train or sample.
             * @example 10000
             */
            requests_per_day?: number | null;
            /**
             * @description Requests per minute that train or sample.
             * @example 60
             */
            requests_per_minute?: number | null;
            /**
             * @description Bytes at a time that checkpoints, states of adapters and files take together.
             * @example 10737418240
             */
            stored_bytes?: number | null;
            /**
             * @description Tokens trained and sampled per day (UTC).
             * @example 10000000
             */
            tokens_per_day?: number | null;
            /**
             * @description Tokens trained and sampled per minute.
             * @example 100000
             */
            tokens_per_minute?: number | null;
        };
        KeyListDto: {
            /** @description Newest first. */
            keys: components["schemas"]["KeyDto"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example key_0123456789abcdef
             */
            next_cursor: string | null;
        };
        OpenAiErrorContentDto: {
            /**
             * @description Stable code for programs.
             * @example model_not_found
             */
            code: string;
            /**
             * @description The problem, where it occurred, and the remedy.
             * @example Adapter nobody does not exist.
             */
            message: string;
            /**
             * @description The field that caused the error.
             * @example model
             */
            param: string | null;
            /**
             * @description Kind of error, as OpenAI names them.
             * @example invalid_request_error
             */
            type: string;
        };
        OpenAiErrorDto: {
            /** @description The error. */
            error: components["schemas"]["OpenAiErrorContentDto"];
        };
        OperationListDto: {
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example 1042
             */
            next_cursor: number | null;
            /** @description Newest first. */
            operations: components["schemas"]["OwnedFutureDto"][];
        };
        OwnedAdapterDto: {
            /**
             * @description Id of the adapter, which is unique among all keys.
             * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            adapter_id: string;
            /**
             * @description B A x is multiplied by alpha / rank.
             * @example 32
             */
            alpha: number;
            /**
             * @description Base model of the adapter.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description Creation time.
             * @example 2026-11-23T12:00:00.000Z
             */
            created_at: string;
            /**
             * @description The first step at which a replay of the log (after a crash, for a rewind) gave other numbers than the first run;
             *     null if all replays were identical, bit for bit.
             * @example null
             */
            diverged_at_step: number | null;
            /**
             * @description Whether there are gradients that no optim_step has applied yet.
             * @example false
             */
            has_gradients: boolean;
            /**
             * @description When an operation last ran on the adapter.
             * @example 2026-11-23T12:05:00.000Z
             */
            last_used_at: string;
            /** @description LoRA settings. */
            lora_config: components["schemas"]["AdapterLoraDto"];
            /**
             * @description Your name for the adapter.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Id of the key that owns the adapter; empty if it was created without keys.
             * @example key_0123456789abcdef
             */
            owner: string;
            /**
             * @description Rank of the low-rank matrices.
             * @example 16
             */
            rank: number;
            /**
             * @description Busy while operations are pending or running.
             * @example idle
             * @enum {string}
             */
            status: "busy" | "idle";
            /**
             * @description Optimiser steps taken.
             * @example 12
             */
            step: number;
            /**
             * @description Linear layers with LoRA.
             * @example [
             *       "q_proj",
             *       "v_proj"
             *     ]
             */
            target_modules: string[];
            /**
             * @description Number of trainable parameters.
             * @example 921600
             */
            trainable_params: number;
        };
        OwnedAdapterListDto: {
            /** @description Newest first. */
            adapters: components["schemas"]["OwnedAdapterDto"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            next_cursor: string | null;
        };
        OwnedFutureDto: {
            /**
             * @description Id of the adapter; null for requests to a base model or to sampler weights.
             * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            adapter_id: string | null;
            /**
             * @description How often a worker has claimed it; a worker may hand it back before running it.
             * @example 1
             */
            attempts: number;
            /**
             * @description Base model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description Time of acceptance.
             * @example 2026-11-23T10:15:30.000Z
             */
            created_at: string;
            /** @description The error, if it failed; otherwise null. */
            error: components["schemas"]["FutureErrorDto"] | null;
            /**
             * @description Time of completion or failure.
             * @example 2026-11-23T10:15:30.900Z
             */
            finished_at: string | null;
            /**
             * @description Kind of operation.
             * @example forward_backward
             * @enum {string}
             */
            kind: "create_adapter" | "delete_adapter" | "forward" | "forward_backward" | "generate" | "load_weights" | "optim_step" | "rewind_adapter" | "save_weights" | "save_weights_external" | "save_weights_for_sampler" | "unload_adapter";
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Id of the key that sent the request; empty if it was sent without one.
             * @example key_0123456789abcdef
             */
            owner: string;
            /**
             * @description Position in the log; requests of one adapter run in this order.
             * @example 1043
             */
            position: number;
            /**
             * @description Priority of the key when the request was accepted: -1 = low, 0 = normal, 1 = high.
             * @example 0
             */
            priority: number;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The client's own number of the request.
             * @example 7
             */
            seq_id: number | null;
            /**
             * @description Tinker session of the request; null if it has none.
             * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            session_id: string | null;
            /**
             * @description When it last started to run; null while it is pending.
             * @example 2026-11-23T10:15:30.100Z
             */
            started_at: string | null;
            /**
             * @description Status of the operation.
             * @example completed
             * @enum {string}
             */
            status: "completed" | "failed" | "pending" | "running";
            /**
             * @description The worker that runs or ran it.
             * @example worker_01JD8Z5R0N8M1T3S6Y9K2H4B7A
             */
            worker_id: string | null;
        };
        OwnerDto: {
            /**
             * @description Live adapters.
             * @example 2
             */
            adapters: number;
            /**
             * @description Aliases.
             * @example 1
             */
            aliases: number;
            /**
             * @description Captured sampling requests.
             * @example 0
             */
            captures: number;
            /**
             * @description Named checkpoints.
             * @example 5
             */
            checkpoints: number;
            /**
             * @description Files of training data and of results.
             * @example 3
             */
            files: number;
            /**
             * @description Formula losses.
             * @example 0
             */
            losses: number;
            /**
             * @description Name of the key; null for a key of API_KEYS or ADMIN_KEYS, and for a key that no longer exists.
             * @example alice
             */
            name: string | null;
            /**
             * @description Id of the key; empty for resources created without keys.
             * @example key_0123456789abcdef
             */
            owner: string;
            /**
             * @description Tokens of prompts, in the last 7 days.
             * @example 2400
             */
            prompt_tokens: number;
            /**
             * @description Milliseconds from the start of each operation to its end, in the last 7 days; those that ran side by side count each.
             * @example 84000
             */
            running_ms: number;
            /**
             * @description Tokens sampled in the last 7 days.
             * @example 900
             */
            sampled_tokens: number;
            /**
             * @description Sessions of the Tinker SDK.
             * @example 1
             */
            sessions: number;
            /**
             * @description Bytes that checkpoints, states of adapters and files take.
             * @example 73400320
             */
            stored_bytes: number;
            /**
             * @description Tokens trained in the last 7 days.
             * @example 60000
             */
            trained_tokens: number;
        };
        OwnersDto: {
            /** @description All owners of resources. */
            owners: components["schemas"]["OwnerDto"][];
        };
        PauseQueueDto: {
            /**
             * @description The reason, which is shown to waiting clients.
             * @example new disks, back at 14:00 UTC
             */
            reason?: string | null;
        };
        PrefillUsageDto: {
            /**
             * @description Always false; prompts are not cached.
             * @example false
             */
            cached: boolean;
            /**
             * @description Prompt tokens, counted once per request regardless of the number of sequences.
             * @example 512
             */
            token_count: number;
            /**
             * @description Tokens of prompts.
             * @example sampling_prefill
             * @enum {string}
             */
            type: "sampling_prefill";
        };
        QueueDto: {
            /** @description The same by kind; kinds without operations are left out. */
            kinds: components["schemas"]["QueueKindDto"][];
            /**
             * @description Whether an operator has paused it: requests are accepted but not started.
             * @example false
             */
            paused: boolean;
            /**
             * @description Id of the key that paused it; empty on a server without keys, null if it is not paused.
             * @example null
             */
            paused_by: string | null;
            /**
             * @description Since when it is paused; null if it is not.
             * @example null
             */
            paused_since: string | null;
            /**
             * @description Number of pending operations.
             * @example 12
             */
            pending: number;
            /**
             * @description Why it is paused, if the operator said so.
             * @example null
             */
            reason: string | null;
            /**
             * @description Number of running operations.
             * @example 2
             */
            running: number;
        };
        QueueKindDto: {
            /**
             * @description Kind of operation.
             * @example forward_backward
             * @enum {string}
             */
            kind: "create_adapter" | "delete_adapter" | "forward" | "forward_backward" | "generate" | "load_weights" | "optim_step" | "rewind_adapter" | "save_weights" | "save_weights_external" | "save_weights_for_sampler" | "unload_adapter";
            /**
             * @description Seconds since the oldest of them was accepted.
             * @example 3.5
             */
            oldest_s: number;
            /**
             * @description Number of its pending operations.
             * @example 12
             */
            pending: number;
            /**
             * @description Number of its running operations.
             * @example 2
             */
            running: number;
        };
        RevokedKeyDto: {
            /**
             * @description Id of the key.
             * @example key_0123456789abcdef
             */
            id: string;
            /**
             * @description Always revoked.
             * @example revoked
             * @enum {string}
             */
            status: "revoked";
        };
        SampleUsageDto: {
            /**
             * @description Tokens of all sequences, including stop tokens.
             * @example 128
             */
            token_count: number;
            /**
             * @description Tokens that were sampled.
             * @example sampling_sample
             * @enum {string}
             */
            type: "sampling_sample";
        };
        TinkerCheckpointDto: {
            /**
             * @description Id of the checkpoint within the training run.
             * @example weights/step-10
             */
            checkpoint_id: string;
            /**
             * @description Training checkpoint, sampler weights, or PEFT files.
             * @example training
             * @enum {string}
             */
            checkpoint_type: "external" | "sampler" | "training";
            /**
             * @description Expiry time; null = never.
             * @example 2026-12-23T10:15:30.000Z
             */
            expires_at: string | null;
            /**
             * @description Whether other keys may read it.
             * @example false
             */
            public: boolean;
            /**
             * @description Size of the files in bytes.
             * @example 7340032
             */
            size_bytes: number;
            /**
             * @description When it was saved.
             * @example 2026-11-23T10:15:30.000Z
             */
            time: string;
            /**
             * @description Path for load_weights and create_sampling_session.
             * @example tinker://session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0/weights/step-10
             */
            tinker_path: string;
            /**
             * @description Metadata of the client.
             * @example {}
             */
            user_metadata: {
                [key: string]: string;
            } | null;
        };
        TinkerCheckpointsDto: {
            /** @description Newest first. */
            checkpoints: components["schemas"]["TinkerCheckpointDto"][];
            /** @description Location of this page; null if it contains all entries. */
            cursor: components["schemas"]["CursorDto"] | null;
        };
        TrainingUsageDto: {
            /**
             * @description Tokens of the batches, regardless of their weights.
             * @example 4096
             */
            token_count: number;
            /**
             * @description Tokens of training data.
             * @example training
             * @enum {string}
             */
            type: "training";
        };
        UsageByDayDto: {
            /** @description By day, then by key; days on which a key used nothing are left out. */
            usage: components["schemas"]["DayOfUseDto"][];
        };
        UsageDto: {
            /** @description Usage by hour, highest token count first; there are no prices. */
            data: components["schemas"]["UsageEventDto"][];
            /**
             * @description Sessions referenced in `data`, by id.
             * @example {}
             */
            sessions: {
                [key: string]: components["schemas"]["UsageSessionDto"];
            };
        };
        UsageEventDto: {
            /**
             * @description Base model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description End of the hour.
             * @example 2026-11-23T11:00:00.000Z
             */
            bucket_end: string;
            /**
             * @description Start of the hour (UTC) in which the requests completed.
             * @example 2026-11-23T10:00:00.000Z
             */
            bucket_start: string;
            /**
             * @description Amount and type of usage; depends on `type`.
             * @example {
             *       "token_count": 4096,
             *       "type": "training"
             *     }
             */
            event_info: components["schemas"]["TrainingUsageDto"] | components["schemas"]["PrefillUsageDto"] | components["schemas"]["SampleUsageDto"] | components["schemas"]["CheckpointUsageDto"];
            /**
             * @description Kind of operation, as in GET /futures.
             * @example forward_backward
             */
            kind: string;
            /**
             * @description The training run, sampling session, checkpoint or base model that was used.
             * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC:train:0
             */
            model_id: string;
            /**
             * @description Current project of the session.
             * @example project-1
             */
            project_id: string | null;
            /**
             * @description Number of completed requests.
             * @example 10
             */
            requests: number;
            /**
             * @description Total running time of the requests in seconds.
             * @example 12.5
             */
            running_seconds: number;
            /**
             * @description The session; null for requests of other clients.
             * @example session_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            session_id: string | null;
            /**
             * @description Id of the API key; null if no keys are configured.
             * @example key_0123456789abcdef
             */
            user_id: string | null;
        };
        UsageSessionDto: {
            /**
             * @description Metadata of the client; all values as strings.
             * @example {}
             */
            user_metadata: {
                [key: string]: string;
            } | null;
        };
        WorkerDto: {
            /**
             * @description Adapters that it holds.
             * @example 12
             */
            adapters: number;
            /**
             * @description Names of the base models that it serves.
             * @example [
             *       "HuggingFaceTB/SmolLM2-135M-Instruct"
             *     ]
             */
            base_models: string[];
            /**
             * @description Device that it computes on.
             * @example cpu
             */
            device: string;
            /**
             * @description Since when it is being drained; null if it is not.
             * @example null
             */
            draining_since: string | null;
            /**
             * @description Tensor engine.
             * @example onnxruntime
             */
            engine: string;
            /**
             * @description Its latest heartbeat; they come every second.
             * @example 2026-11-23T10:20:30.000Z
             */
            heartbeat_at: string;
            /**
             * @description Host name of the machine.
             * @example gpu-box-1
             */
            hostname: string;
            /**
             * @description Id of the worker, which is new at every start of its process.
             * @example worker_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description Process id on that machine.
             * @example 4711
             */
            pid: number;
            /**
             * @description Processes of the engine.
             * @example 1
             */
            ranks: number;
            /**
             * @description Operations that it runs.
             * @example 3
             */
            running: number;
            /**
             * @description Start of the process.
             * @example 2026-11-23T10:15:30.000Z
             */
            started_at: string;
            /**
             * @description `working`; `draining` = it finishes running operations and releases its adapters; `drained` = it has nothing left.
             * @example working
             * @enum {string}
             */
            status: "drained" | "draining" | "working";
        };
        WorkerListDto: {
            /** @description All workers that are alive, the oldest first. */
            workers: components["schemas"]["WorkerDto"][];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    AllAdapters_list: {
        parameters: {
            query?: {
                /** @description Adapters per page. */
                limit?: number;
                /** @description `next_cursor` of the previous page. */
                cursor?: string;
                /** @description Only those whose name or base model contains this text, case-insensitively. */
                search?: string;
                /** @description Only those of this key, by its id; empty for those created without keys. GET /admin/owners lists the ids. */
                owner?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of results. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnedAdapterListDto"];
                };
            };
        };
    };
    Owners_handOverAdapter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the adapter, from GET /admin/adapters. */
                adapter_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AdapterHandOverDto"];
            };
        };
        responses: {
            /** @description The transferred adapter. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterHandedOverDto"];
                };
            };
        };
    };
    Owners_handOver: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HandOverDto"];
            };
        };
        responses: {
            /** @description The transferred resources. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HandedOverDto"];
                };
            };
        };
    };
    KeyAdministration_list: {
        parameters: {
            query?: {
                /** @description Keys per page. */
                limit?: number;
                /** @description `next_cursor` of the previous page. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of results. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyListDto"];
                };
            };
        };
    };
    KeyAdministration_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateKeyDto"];
            };
        };
        responses: {
            /** @description The key is created and can be used immediately. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedKeyDto"];
                };
            };
        };
    };
    KeyAdministration_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the key. */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key, without its secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyDto"];
                };
            };
        };
    };
    KeyAdministration_revoke: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the key. */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key is revoked. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RevokedKeyDto"];
                };
            };
        };
    };
    KeyAdministration_change: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the key. */
                key_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeKeyDto"];
            };
        };
        responses: {
            /** @description The key as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyDto"];
                };
            };
        };
    };
    AllOperations_list: {
        parameters: {
            query?: {
                /** @description Only requests in this state. */
                status?: "completed" | "failed" | "pending" | "running";
                /** @description Only requests of this kind. */
                kind?: "create_adapter" | "delete_adapter" | "forward" | "forward_backward" | "generate" | "load_weights" | "optim_step" | "rewind_adapter" | "save_weights" | "save_weights_external" | "save_weights_for_sampler" | "unload_adapter";
                /** @description Only requests for this adapter or base model. */
                model_id?: string;
                /** @description Requests per page. */
                limit?: number;
                /** @description `next_cursor` of the previous page. */
                cursor?: number;
                /** @description Only requests of this key, by its id; empty for those sent without keys. */
                owner?: string;
                /** @description Only requests that were accepted at this time (ISO 8601) or later. */
                from?: string;
                /** @description Only requests that were accepted before this time (ISO 8601). */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of results. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationListDto"];
                };
            };
        };
    };
    AllOperations_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the request. */
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The operation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnedFutureDto"];
                };
            };
        };
    };
    Owners_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The owners. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnersDto"];
                };
            };
        };
    };
    Queue_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The queue. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueDto"];
                };
            };
        };
    };
    Queue_pause: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PauseQueueDto"];
            };
        };
        responses: {
            /** @description The paused queue. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueDto"];
                };
            };
        };
    };
    Queue_resume: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resumed queue. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QueueDto"];
                };
            };
        };
    };
    AllUsage_list: {
        parameters: {
            query?: {
                /** @description Only that of this key, by its id; empty for usage without keys. */
                owner?: string;
                /** @description First day (UTC, ISO 8601); seven days ago by default. */
                from?: string;
                /** @description The day after the last one (UTC, ISO 8601); tomorrow by default. */
                to?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The usage. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageByDayDto"];
                };
            };
        };
    };
    Workers_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The workers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerListDto"];
                };
            };
        };
    };
    Workers_drain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the worker. */
                worker_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The worker; poll GET /admin/workers for its progress. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerDto"];
                };
            };
        };
    };
    Workers_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the worker. */
                worker_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The worker, which takes work within a second. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WorkerDto"];
                };
            };
        };
    };
    TinkerUsage_events: {
        parameters: {
            query?: {
                /** @description From this hour (UTC) on. Default: a day before `ending_before`. */
                starting_on?: string;
                /** @description Up to this hour (UTC), exclusive, at most 14 days after `starting_on`. Default: the end of the current hour. */
                ending_before?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The hours that start within the period. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UsageDto"];
                };
            };
        };
    };
    TinkerRuns_listAll: {
        parameters: {
            query?: {
                /** @description Entries per page. */
                limit?: number;
                /** @description Entries to skip. */
                offset?: number;
                /** @description Owner; a key only sees its own checkpoints. */
                access_scope?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of results. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TinkerCheckpointsDto"];
                };
            };
        };
    };
}
