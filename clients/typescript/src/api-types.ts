/** Generated from openapi.json by `npm run openapi`. Do not edit. */

export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get name, version and documentation
         * @description Redirects browsers to the web console. Example: `curl http://127.0.0.1:8000/`
         */
        get: operations["Root_answer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List adapters
         * @description Returns your adapters, newest first and page by page. Example: `curl "http://127.0.0.1:8000/adapters?limit=20"`
         */
        get: operations["Adapters_list"];
        put?: never;
        /**
         * Create an adapter
         * @description Creates a LoRA adapter with new weights, which are initialised as in PEFT and determined by the seed. It can be used immediately. Example: `curl -X POST http://127.0.0.1:8000/adapters -H "Content-Type: application/json" -d '{"model_id":"my-model","lora_config":{"rank":16,"alpha":32}}'`
         */
        post: operations["Adapters_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import a PEFT adapter
         * @description The body is a tar archive, optionally gzipped, of the folder that PEFT saved (or a multipart form with it as field "file"). rank_pattern, alpha_pattern, exclude_modules and layers_to_transform are interpreted as in PEFT; DoRA, modules_to_save, trained biases and similar features are rejected by name. Example: `tar -C my-peft-adapter -c . | curl -X POST -H "Content-Type: application/x-tar" --data-binary @- "http://127.0.0.1:8000/adapters/import?model_id=my-model"`
         */
        post: operations["AdapterFiles_import"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an adapter
         * @description Example: `curl http://127.0.0.1:8000/adapters/my-model`
         */
        get: operations["Adapters_get"];
        put?: never;
        post?: never;
        /**
         * Delete an adapter
         * @description Frees the name immediately, cancels pending operations, and deletes weights, state and checkpoints of the adapter; export it first if you need them. Example: `curl -X DELETE http://127.0.0.1:8000/adapters/my-model`
         */
        delete: operations["Adapters_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the checkpoints of an adapter
         * @description Example: `curl http://127.0.0.1:8000/adapters/my-model/checkpoints`
         */
        get: operations["Checkpoints_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}/checkpoints/{kind}/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Delete a checkpoint
         * @description Example: `curl -X DELETE http://127.0.0.1:8000/adapters/my-model/checkpoints/weights/step-10`
         */
        delete: operations["Checkpoints_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Export an adapter for other programs
         * @description Returns a tar archive of the adapter after all operations sent earlier, or of one of its checkpoints. `format=peft`: adapter_config.json and adapter_model.safetensors. `format=merged`: the folder of the base model with the adapter merged into its weights, for transformers, vLLM and others. `format=gguf` and `format=gguf-adapter`: the merged model or the adapter alone, with a Modelfile, for llama.cpp and Ollama. Example: `curl -o my-model.tar "http://127.0.0.1:8000/adapters/my-model/export?format=merged"`
         */
        get: operations["Exports_export"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}/fork": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Fork an adapter
         * @description Creates a new adapter with the state that this one had right after that step or request (or has now, by default), bit for bit. The original adapter is not changed. Example: `curl -X POST http://127.0.0.1:8000/adapters/my-model/fork -H "Content-Type: application/json" -d '{"model_id":"my-fork","step":1}'`
         */
        post: operations["AdapterHistory_fork"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the history of an adapter
         * @description Returns every operation that changed the adapter, newest first and page by page, as long as the log is kept (FUTURE_RETENTION_HOURS). Example: `curl "http://127.0.0.1:8000/adapters/my-model/history?limit=20"`
         */
        get: operations["AdapterHistory_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the training curves of an adapter
         * @description Returns the metrics of its passes and optimiser steps, step by step, as long as the log is kept (FUTURE_RETENTION_HOURS). Steps that a rewind has undone are left out. Example: `curl "http://127.0.0.1:8000/adapters/my-model/metrics?points=200"`
         */
        get: operations["TrainingSeries_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}/push": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Push an adapter to the Hugging Face hub
         * @description Exports the adapter, as GET /adapters/{model_id}/export does, and writes the files with a model card to a repository, as one commit. A new repository is private unless requested otherwise. Returns after the commit; a client that disconnects cancels it. Example: `curl -X POST http://127.0.0.1:8000/adapters/my-model/push -H "Content-Type: application/json" -d '{"repo":"alice/my-model","token":"hf_..."}'`
         */
        post: operations["Pushes_push"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/adapters/{model_id}/rewind": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rewind an adapter to an earlier step
         * @description Restores weights, optimiser moments, step, unapplied gradients and the state of the random numbers, bit for bit, as they were right after that step or request, so that the same data gives the same numbers again. Runs after requests sent earlier. Undone operations stay in the history, so a rewind can be undone by request_id. Example: `curl -X POST http://127.0.0.1:8000/adapters/my-model/rewind -H "Content-Type: application/json" -d '{"step":1}'`
         */
        post: operations["AdapterHistory_rewind"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/add_lora": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create an adapter (name of the original API)
         * @description Same as POST /adapters. Example: `curl -X POST http://127.0.0.1:8000/add_lora -H "Content-Type: application/json" -d '{"rank":16,"alpha":32}'`
         */
        post: operations["Adapters_addLora"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/aliases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List aliases
         * @description Your aliases by name. Example: `curl http://127.0.0.1:8000/aliases`
         */
        get: operations["Aliases_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/aliases/{alias}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an alias
         * @description Returns the alias with all of its versions. Example: `curl http://127.0.0.1:8000/aliases/my-alias`
         */
        get: operations["Aliases_get"];
        /**
         * Set the target of an alias
         * @description Creates the alias, or points it at another target without a comparison. Requests can name an alias wherever they name a model to sample from. Example: `curl -X PUT http://127.0.0.1:8000/aliases/my-alias -H "Content-Type: application/json" -d '{"target":"my-model"}'`
         */
        put: operations["Aliases_set"];
        post?: never;
        /**
         * Delete an alias
         * @description Its target is not changed. Example: `curl -X DELETE http://127.0.0.1:8000/aliases/my-alias`
         */
        delete: operations["Aliases_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/aliases/{alias}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Promote a target that does as well as the one in use
         * @description Evaluates both targets on the answers of a file. If the mean loss per token of the new target is not larger (plus the tolerance), the alias is pointed at it, and its history records both losses; otherwise it is not changed, and the 409 contains them. Example: `curl -X POST http://127.0.0.1:8000/aliases/my-alias/promote -H "Content-Type: application/json" -d '{"target":"my-model","eval":{"file":"file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"}}'`
         */
        post: operations["Promotions_promote"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/aliases/{alias}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Roll an alias back
         * @description Points the alias at its previous target, as a new version; called again, at the one before that. Example: `curl -X POST http://127.0.0.1:8000/aliases/my-alias/rollback`
         */
        post: operations["Aliases_rollBack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/cancel_future": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a request
         * @description A pending request fails with the code `cancelled`, and later ones continue without it. A running sample stops within one token, with the same code. The call can be repeated. Example: `curl -X POST http://127.0.0.1:8000/api/v1/cancel_future -H "Content-Type: application/json" -d '{"request_id":"future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"}'`
         */
        post: operations["TinkerFutures_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/console/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the session of the web console
         * @description The key of the session. Example: `curl -b cookies.txt http://127.0.0.1:8000/console/session`
         */
        get: operations["Session_describe"];
        put?: never;
        /**
         * Log in to the web console
         * @description Exchanges a key for a cookie (HttpOnly, SameSite=Strict) that is valid for 12 hours. With the cookie,
         *     requests that change something need the header X-Thinker-Console as well. A revoked key ends its sessions.
         *     Example: `curl -c cookies.txt -X POST http://127.0.0.1:8000/console/session -H "X-API-Key: tml-..."`
         */
        post: operations["Session_begin"];
        /**
         * Log out of the web console
         * @description Example: `curl -b cookies.txt -X DELETE http://127.0.0.1:8000/console/session -H "X-Thinker-Console: 1"`
         */
        delete: operations["Session_end"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow what happens
         * @description Server-sent events: `settled` whenever operations of yours have completed or failed, and `overview`, the response of GET /overview, every two seconds. Example: `curl -N http://127.0.0.1:8000/events`
         */
        get: operations["Events_follow"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/futures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List requests, newest first
         * @description Page by page, for dashboards. Example: `curl "http://127.0.0.1:8000/futures?status=failed&limit=20"`
         */
        get: operations["Futures_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/futures/{request_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a request
         * @description POST /retrieve_future returns its result. Example: `curl http://127.0.0.1:8000/futures/future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        get: operations["Futures_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/futures/{request_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a request
         * @description A pending request never runs, and later ones continue without it. A running `generate` or `forward` stops within a token or micro-batch. Both fail with the code `cancelled`. Requests that change an adapter or write a checkpoint cannot be cancelled while they run. The call can be repeated. Example: `curl -X POST http://127.0.0.1:8000/futures/future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/cancel`
         */
        post: operations["FutureLife_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/futures/{request_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a request
         * @description Server-sent events: `queued`, `claimed`, `running`, then `completed` or `failed`, with which the stream ends. `progress` events between them contain the position in the queue or the tokens sampled so far. A request that a worker returns to the queue is `queued` again. Last-Event-ID resumes a stream; a comment is sent after every 15 s without events. Example: `curl -N http://127.0.0.1:8000/futures/future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/events`
         */
        get: operations["FutureLife_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fwd": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a forward pass
         * @description Computes loss, metrics and log-probs without changing gradients. model_id may also be a base model. Example: `curl -X POST http://127.0.0.1:8000/fwd -H "Content-Type: application/json" -d '{"model_id":"my-model","data":[[{"role":"user","content":"Hello"},{"role":"assistant","content":"Hi there!"}]],"loss_fn":"cross_entropy","train_on":"assistant"}'`
         */
        post: operations["Training_forward"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/fwdbwd": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a forward and backward pass
         * @description Returns a request id immediately; POST /retrieve_future returns loss, metrics and log-probs. Gradients accumulate over calls until POST /optim_step applies them. An unknown model_id creates an adapter. Example: `curl -X POST http://127.0.0.1:8000/fwdbwd -H "Content-Type: application/json" -d '{"model_id":"my-model","data":[[{"role":"user","content":"Hello"},{"role":"assistant","content":"Hi there!"}]],"loss_fn":"cross_entropy","train_on":"assistant"}'`
         */
        post: operations["Training_forwardBackward"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/generate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sample from an adapter, sampler weights or a base model
         * @description Returns the result when it is complete. With "async": true, returns {request_id, model_id} immediately; with "stream": true, returns server-sent events. Operations sent to the same adapter earlier run first. Example: `curl -X POST http://127.0.0.1:8000/generate -H "Content-Type: application/json" -d '{"model_id":"my-model","messages":[{"role":"user","content":"Hello"}],"max_new_tokens":32}'`
         */
        post: operations["Generation_generate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Get information about an adapter or a base model
         * @description Returns the base model, the LoRA settings and the number of steps. Example: `curl -X POST http://127.0.0.1:8000/get_info -H "Content-Type: application/json" -d '{"model_id":"my-model"}'`
         */
        post: operations["Adapters_info"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/get_server_capabilities": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the capabilities of the server
         * @description Returns the base models with their context lengths, the loss functions, the maximum rank, and the engine and device in use. Example: `curl http://127.0.0.1:8000/get_server_capabilities`
         */
        get: operations["Capabilities_describe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check liveness
         * @description Checks nothing else. Example: `curl http://127.0.0.1:8000/healthz`
         */
        get: operations["Health_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/keys/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get your own key
         * @description Returns its scopes, its limits and what is left of them. Example: `curl http://127.0.0.1:8000/keys/me`
         */
        get: operations["OwnKey_describe"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/list_loss_functions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List loss functions (alias from the original API)
         * @description Same as GET /loss_functions. Example: `curl http://127.0.0.1:8000/list_loss_functions`
         */
        get: operations["Losses_listLossFunctions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/load_weights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Load a checkpoint into an adapter
         * @description Replaces the weights and, by default, the optimiser state; unapplied gradients are dropped. The checkpoint may belong to another adapter with the same base model and LoRA settings. Example: `curl -X POST http://127.0.0.1:8000/load_weights -H "Content-Type: application/json" -d '{"model_id":"my-model","path":"tinker://my-model/weights/step-10"}'`
         */
        post: operations["Checkpoints_load"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/loss_functions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List loss functions
         * @description Returns every loss with its inputs and config keys: the built-in ones, which are sums (not means) over tokens, and those you have registered, all at once or page by page. Example: `curl "http://127.0.0.1:8000/loss_functions?origin=own&limit=20"`
         */
        get: operations["Losses_list"];
        put?: never;
        /**
         * Register a formula loss
         * @description From then on, loss_fn accepts its name for your key, on every route and from the Tinker SDK. Registering a name again creates a new version; `name@1` remains the first. The formulas are checked, with errors that point to the character, and the gradient is compared with finite differences. Every name that is defined neither in "let" nor in "config" is an input. Example: `curl -X POST http://127.0.0.1:8000/loss_functions -H "Content-Type: application/json" -d '{"name":"my_dpo","description":"Direct Preference Optimization over pairs of datums","let":{"log_ratio":"datum_sum(weights * (target_logprobs - reference_logprobs))","signed":"where(chosen != 0, log_ratio, -log_ratio)","margin":"beta * group_sum(signed, pair)"},"loss":"-sum(where(chosen != 0, log_sigmoid(margin), 0))","metrics":{"accuracy":"sum(where(chosen != 0 and margin > 0, 1, 0)) / sum(chosen)"},"config":{"beta":{"default":0.1,"min":0}},"inputs":{"weights":{"default":1},"pair":{"per":"datum"},"chosen":{"per":"datum"}}}'`
         */
        post: operations["Losses_register"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/loss_functions/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Preview a loss
         * @description Computes value, gradient and metrics of a loss for the given log-probs, without a model. Nothing is registered. Example: `curl -X POST http://127.0.0.1:8000/loss_functions/preview -H "Content-Type: application/json" -d '{"definition":{"name":"my_squares","loss":"sum(weights * square(target_logprobs))","inputs":{"weights":{"default":1}}},"data":[{"target_logprobs":[-1.2,-0.3]}]}'`
         */
        post: operations["Losses_preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/loss_functions/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a loss function
         * @description Returns the loss with its formulas and versions; `my_dpo@1` is version 1. Example: `curl http://127.0.0.1:8000/loss_functions/cross_entropy`
         */
        get: operations["Losses_get"];
        put?: never;
        post?: never;
        /**
         * Delete a formula loss
         * @description Deletes all versions. Accepted requests still use the version they were sent with. Example: `curl -X DELETE http://127.0.0.1:8000/loss_functions/my_dpo`
         */
        delete: operations["Losses_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get metrics for Prometheus
         * @description In the text format, or as OpenMetrics if the Accept header asks for it. Requires METRICS_KEY or one of ADMIN_KEYS once any key exists; see docs/operations.md. Example: `curl http://127.0.0.1:8000/metrics`
         */
        get: operations["Metrics_read"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/optim_step": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run an optimiser step
         * @description Applies the gradients with AdamW, as in PyTorch, and clears them. The result contains metrics (step, grad_norm, update_norm, weight_norm, learning_rate) and the digest of the adapter after the step. A step that would make weights or moments NaN or infinite is rejected with non_finite_update or non_finite_gradient. If the gradients are the cause (details.at_fault), they are dropped, so that training can continue; otherwise they are kept for another optim_step. Example: `curl -X POST http://127.0.0.1:8000/optim_step -H "Content-Type: application/json" -d '{"model_id":"my-model","adam_params":{"learning_rate":0.0005}}'`
         */
        post: operations["Training_optimStep"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get an overview of the service
         * @description Returns workers, pending operations with reasons, tokens per second, adapters and memory, of all keys for operators, otherwise of your own key. GET /events sends it every two seconds. Example: `curl http://127.0.0.1:8000/overview`
         */
        get: operations["Overview_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Check readiness
         * @description Checks database, queue, worker and engine. Example: `curl http://127.0.0.1:8000/readyz`
         */
        get: operations["Health_ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/remove_lora": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete an adapter (name of the original API)
         * @description Same as DELETE /adapters/{model_id}. Example: `curl -X POST http://127.0.0.1:8000/remove_lora -H "Content-Type: application/json" -d '{"model_id":"my-model"}'`
         */
        post: operations["Adapters_remove"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/retrieve_future": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Wait for the result of a request
         * @description Waits until the request is settled, at most `wait_ms`. The result can be retrieved repeatedly. For a failed request, returns its error. Example: `curl -X POST http://127.0.0.1:8000/retrieve_future -H "Content-Type: application/json" -d '{"request_id":"future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"}'`
         */
        post: operations["Futures_retrieve"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_weights": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Save a checkpoint
         * @description Saves weights and optimiser state under a name, after all operations sent earlier. Loading the checkpoint restores the adapter bit for bit. The result contains the path. Example: `curl -X POST http://127.0.0.1:8000/save_weights -H "Content-Type: application/json" -d '{"model_id":"my-model","name":"step-10"}'`
         */
        post: operations["Checkpoints_save"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/save_weights_for_sampler": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Save sampler weights
         * @description Saves an immutable copy of the weights to sample from: pass its path as model_id to POST /generate. An existing name is refused. Example: `curl -X POST http://127.0.0.1:8000/save_weights_for_sampler -H "Content-Type: application/json" -d '{"model_id":"my-model","name":"best"}'`
         */
        post: operations["Checkpoints_saveForSampler"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/captures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List captures
         * @description Your captured requests, newest first and page by page. Example: `curl "http://127.0.0.1:8000/v1/captures?has_feedback=true&limit=20"`
         */
        get: operations["Captures_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/captures/settings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the capture settings
         * @description Whether sampling requests of this key are captured. Example: `curl http://127.0.0.1:8000/v1/captures/settings`
         */
        get: operations["Captures_getSettings"];
        /**
         * Start or stop capturing
         * @description While enabled, requests of this key to /v1/chat/completions, /v1/completions, /v1/messages and /generate are kept with their answers, tokens and log-probs. Off by default. Example: `curl -X PUT http://127.0.0.1:8000/v1/captures/settings -H "Content-Type: application/json" -d '{"enabled":true}'`
         */
        put: operations["Captures_changeSettings"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/captures/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a capture
         * @description Returns the capture with its tokens and log-probs. Example: `curl http://127.0.0.1:8000/v1/captures/future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        get: operations["Captures_get"];
        put?: never;
        post?: never;
        /**
         * Delete a capture
         * @description Deletes the capture and its feedback. Files created from it stay. Example: `curl -X DELETE http://127.0.0.1:8000/v1/captures/future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        delete: operations["Captures_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a chat completion
         * @description OpenAI's chat API over base models, adapters and sampler weights. Fields that it does not know are ignored; those that would change the answer are refused. Example: `curl -X POST http://127.0.0.1:8000/v1/chat/completions -H "Content-Type: application/json" -d '{"model":"base","messages":[{"role":"user","content":"Hello"}],"max_completion_tokens":32}'`
         */
        post: operations["ChatCompletions_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a text completion
         * @description OpenAI's text completions, without a chat template. With echo and logprobs it scores texts. Example: `curl -X POST http://127.0.0.1:8000/v1/completions -H "Content-Type: application/json" -d '{"model":"base","prompt":"Once upon a time","max_tokens":16}'`
         */
        post: operations["Completions_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/embeddings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Embeddings (not supported)
         * @description Always answers 400: no model of this server computes embeddings. Example: `curl -X POST http://127.0.0.1:8000/v1/embeddings`
         */
        post: operations["Embeddings_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/feedback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give feedback on an answer
         * @description Rates a captured answer by its id. A second call for the same answer updates the fields that it contains; null clears a field. Example: `curl -X POST http://127.0.0.1:8000/v1/feedback -H "Content-Type: application/json" -d '{"id":"chatcmpl-future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC","correction":"You find them in aisle seven."}'`
         */
        post: operations["Feedback_give"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/feedback/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a training file from feedback
         * @description Makes a file for POST /v1/fine_tuning/jobs of captures with feedback. `dpo`: a correction is preferred to the answer; without one, the best answer of a request to its worst. `supervised`: corrections, and answers weighted by their score; of text completions (kind `completion`) corrections, and answers with a thumb up or a score of 1. Example: `curl -X POST http://127.0.0.1:8000/v1/feedback/files -H "Content-Type: application/json" -d '{"method":"dpo","model":"my-alias"}'`
         */
        post: operations["Feedback_makeFile"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List files
         * @description Your files, newest first. Example: `curl "http://127.0.0.1:8000/v1/files?limit=10"`
         */
        get: operations["Files_list"];
        put?: never;
        /**
         * Upload training data
         * @description JSONL, CSV or Parquet with chats, prompts and completions, or preferences (docs/fine-tuning.md). Every row is checked: a file with faults is not stored, and the 400 lists them with their lines. Example: `curl http://127.0.0.1:8000/v1/files -F purpose=fine-tune -F file=@chats.jsonl`
         */
        post: operations["Files_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files/{file_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a file
         * @description Example: `curl http://127.0.0.1:8000/v1/files/file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        get: operations["Files_get"];
        put?: never;
        post?: never;
        /**
         * Delete a file
         * @description Example: `curl -X DELETE http://127.0.0.1:8000/v1/files/file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        delete: operations["Files_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/files/{file_id}/content": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Download a file
         * @description The bytes as they were uploaded. Example: `curl http://127.0.0.1:8000/v1/files/file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/content`
         */
        get: operations["Files_content"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List fine-tuning jobs
         * @description Your jobs, newest first. Example: `curl "http://127.0.0.1:8000/v1/fine_tuning/jobs?limit=10"`
         */
        get: operations["Jobs_list"];
        put?: never;
        /**
         * Start a fine-tuning job
         * @description Trains a new adapter on a file; fine_tuned_model is then its model name. Omitted hyper-parameters are chosen from the data and the base model (docs/fine-tuning.md). Unknown fields are ignored, but unknown hyper-parameters are refused. Example: `curl -X POST http://127.0.0.1:8000/v1/fine_tuning/jobs -H "Content-Type: application/json" -d '{"model":"base","training_file":"file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"}'`
         */
        post: operations["Jobs_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{fine_tuning_job_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a fine-tuning job
         * @description Example: `curl http://127.0.0.1:8000/v1/fine_tuning/jobs/ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        get: operations["Jobs_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{fine_tuning_job_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a fine-tuning job
         * @description Ends it immediately; its model keeps the steps so far, and its checkpoints stay. Example: `curl -X POST http://127.0.0.1:8000/v1/fine_tuning/jobs/ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/cancel`
         */
        post: operations["Jobs_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{fine_tuning_job_id}/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List checkpoints of a fine-tuning job
         * @description One per epoch, newest first; each can be sampled from by its name. Example: `curl http://127.0.0.1:8000/v1/fine_tuning/jobs/ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/checkpoints`
         */
        get: operations["Jobs_checkpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{fine_tuning_job_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events of a fine-tuning job
         * @description Messages and metrics, newest first. Example: `curl http://127.0.0.1:8000/v1/fine_tuning/jobs/ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/events`
         */
        get: operations["Jobs_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{fine_tuning_job_id}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get the metrics of a fine-tuning job
         * @description A row per step and epoch, oldest first: as JSON, or depending on Accept as text/csv or text/event-stream. A stream sends a `metrics` event for each row as it is measured, `status` for each state of the job, and ends with `done`; Last-Event-ID resumes it. Example: `curl http://127.0.0.1:8000/v1/fine_tuning/jobs/ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/metrics -H "Accept: text/csv"`
         */
        get: operations["JobMetrics_get"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{fine_tuning_job_id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a fine-tuning job
         * @description Steps that are already queued still run, at most three. Example: `curl -X POST http://127.0.0.1:8000/v1/fine_tuning/jobs/ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/pause`
         */
        post: operations["Jobs_pause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/fine_tuning/jobs/{fine_tuning_job_id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resume a paused fine-tuning job
         * @description It continues with its next step, with the same result as if it had not been paused. Example: `curl -X POST http://127.0.0.1:8000/v1/fine_tuning/jobs/ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/resume`
         */
        post: operations["Jobs_resume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Create a message
         * @description Anthropic's Messages API over base models, adapters and sampler weights. Fields that it does not know are ignored; those that would change the answer are refused. Example: `curl -X POST http://127.0.0.1:8000/v1/messages -H "Content-Type: application/json" -d '{"model":"base","max_tokens":32,"messages":[{"role":"user","content":"Hello"}]}'`
         */
        post: operations["Messages_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/messages/count_tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Count the tokens of a conversation
         * @description Returns the number of prompt tokens that POST /v1/messages would use for these fields. Example: `curl -X POST http://127.0.0.1:8000/v1/messages/count_tokens -H "Content-Type: application/json" -d '{"model":"base","messages":[{"role":"user","content":"Hello"}]}'`
         */
        post: operations["Messages_count"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List models
         * @description With the header `anthropic-version`, the response has Anthropic's format. Example: `curl http://127.0.0.1:8000/v1/models`
         */
        get: operations["OpenAiModels_list"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a model
         * @description With the header `anthropic-version`, the response has Anthropic's format. Example: `curl http://127.0.0.1:8000/v1/models/my-model`
         */
        get: operations["OpenAiModels_get"];
        put?: never;
        post?: never;
        /**
         * Delete an adapter
         * @description As DELETE /adapters/{model_id}. Example: `curl -X DELETE http://127.0.0.1:8000/v1/models/my-model`
         */
        delete: operations["OpenAiModels_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks
         * @description Returns your webhooks without their secrets. Example: `curl http://127.0.0.1:8000/webhooks`
         */
        get: operations["Webhooks_list"];
        put?: never;
        /**
         * Register a webhook
         * @description From now on, events are posted to the URL, signed according to Standard Webhooks. The response contains the secret, which is not shown again. Example: `curl -X POST http://127.0.0.1:8000/webhooks -H "Content-Type: application/json" -d '{"url":"https://example.com/hooks/thinker","events":["future.failed","fine_tuning.job.succeeded","fine_tuning.job.failed"]}'`
         */
        post: operations["Webhooks_create"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Get a webhook
         * @description Returns the webhook without its secret. Example: `curl http://127.0.0.1:8000/webhooks/wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        get: operations["Webhooks_get"];
        put?: never;
        post?: never;
        /**
         * Delete a webhook
         * @description Pending deliveries are dropped. Example: `curl -X DELETE http://127.0.0.1:8000/webhooks/wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC`
         */
        delete: operations["Webhooks_delete"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the deliveries of a webhook
         * @description Newest first, for 30 days. Example: `curl "http://127.0.0.1:8000/webhooks/wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/deliveries?status=dead"`
         */
        get: operations["Webhooks_deliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/ping": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test a webhook
         * @description Posts the event `webhook.ping` once and returns the outcome. A success enables a disabled webhook again. Example: `curl -X POST http://127.0.0.1:8000/webhooks/wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/ping`
         */
        post: operations["Webhooks_ping"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/webhooks/{webhook_id}/rotate_secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate the secret of a webhook
         * @description Makes a new secret, which is shown this once. For `overlap_s` seconds deliveries are signed with both, as Standard Webhooks provides for; a secret that was replaced earlier ends at once. Example: `curl -X POST http://127.0.0.1:8000/webhooks/wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC/rotate_secret -H "Content-Type: application/json" -d '{}'`
         */
        post: operations["Webhooks_rotateSecret"];
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
        AcceptedDto: {
            /**
             * @description Name of the adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Future of the result: POST /retrieve_future.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id: string;
        };
        AdamParamsDto: {
            /**
             * @description Decay of the first moment.
             * @default 0.9
             * @example 0.9
             */
            beta1?: number;
            /**
             * @description Decay of the second moment.
             * @default 0.999
             * @example 0.999
             */
            beta2?: number;
            /**
             * @description PyTorch's form of beta1 and beta2.
             * @example [
             *       0.9,
             *       0.999
             *     ]
             */
            betas?: number[];
            /**
             * @description Added to the square root of the second moment.
             * @default 1e-8
             * @example 1e-8
             */
            eps?: number;
            /**
             * @description Maximum global norm of the gradients; 0 = no clipping.
             * @default 0
             * @example 1
             */
            grad_clip_norm?: number;
            /**
             * @description Step size.
             * @default 0.0005
             * @example 0.0005
             */
            learning_rate?: number;
            /**
             * @description PyTorch's name for learning_rate.
             * @example 0.0005
             */
            lr?: number;
            /**
             * @description transformers' name for grad_clip_norm.
             * @example 1
             */
            max_grad_norm?: number;
            /**
             * @description Decoupled weight decay.
             * @default 0.01
             * @example 0.01
             */
            weight_decay?: number;
        };
        AdapterCreatedDto: {
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
             * @description Rank of the low-rank matrices.
             * @example 16
             */
            rank: number;
            /**
             * @description Future of the creation in the worker; you do not need to wait for it.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id: string;
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
        AdapterDeletedDto: {
            /**
             * @description Name of the deleted adapter, which can be used again.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Future that completes when memory and files are freed.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id: string;
            /**
             * @description Always "deleted".
             * @example deleted
             */
            status: string;
        };
        AdapterDto: {
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
        AdapterListDto: {
            /** @description Newest first. */
            adapters: components["schemas"]["AdapterDto"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example adapter_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            next_cursor: string | null;
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
        AliasDeletedDto: {
            /**
             * @description Name of the alias.
             * @example my-alias
             */
            name: string;
            /**
             * @description Always `deleted`.
             * @example deleted
             * @enum {string}
             */
            status: "deleted";
        };
        AliasDto: {
            /**
             * @description Base model of the target.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description How the version was created.
             * @example promoted
             * @enum {string}
             */
            change: "promoted" | "rolled_back" | "set";
            /**
             * @description Time of the change.
             * @example 2026-01-01T12:00:00.000Z
             */
            created_at: string;
            /** @description The comparison that it was promoted on; null if there was none. */
            eval: components["schemas"]["AliasEvaluationDto"] | null;
            /**
             * @description Name of the alias.
             * @example my-alias
             */
            name: string;
            /**
             * @description The version whose target a rollback of this one returns to; null if there is none.
             * @example 1
             */
            previous_version: number | null;
            /**
             * @description Target of the alias.
             * @example my-model
             */
            target: string;
            /**
             * @description 1, 2, 3, ... under one name.
             * @example 2
             */
            version: number;
        };
        AliasEvaluationDto: {
            /**
             * @description Mean loss per token of the target that it replaced.
             * @example 2.5
             */
            current_loss: number;
            /**
             * @description Id of the file whose rows were scored.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            file: string;
            /**
             * @description Mean loss per token of the new target.
             * @example 1.25
             */
            loss: number;
            /**
             * @description Rows of the file.
             * @example 20
             */
            rows: number;
            /**
             * @description Tokens that were scored: those of the answers.
             * @example 140
             */
            tokens: number;
            /**
             * @description Maximum by which the new loss was allowed to exceed the old one.
             * @example 0
             */
            tolerance: number;
        };
        AliasListDto: {
            /** @description Your aliases by name. */
            aliases: components["schemas"]["AliasDto"][];
        };
        AliasVersionDto: {
            /**
             * @description Base model of the target.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description How the version was created.
             * @example promoted
             * @enum {string}
             */
            change: "promoted" | "rolled_back" | "set";
            /**
             * @description Time of the change.
             * @example 2026-01-01T12:00:00.000Z
             */
            created_at: string;
            /** @description The comparison that it was promoted on; null if there was none. */
            eval: components["schemas"]["AliasEvaluationDto"] | null;
            /**
             * @description The version whose target a rollback of this one returns to; null if there is none.
             * @example 1
             */
            previous_version: number | null;
            /**
             * @description Target of the alias.
             * @example my-model
             */
            target: string;
            /**
             * @description 1, 2, 3, ... under one name.
             * @example 2
             */
            version: number;
        };
        AliasWithHistoryDto: {
            /**
             * @description Base model of the target.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description How the version was created.
             * @example promoted
             * @enum {string}
             */
            change: "promoted" | "rolled_back" | "set";
            /**
             * @description Time of the change.
             * @example 2026-01-01T12:00:00.000Z
             */
            created_at: string;
            /** @description The comparison that it was promoted on; null if there was none. */
            eval: components["schemas"]["AliasEvaluationDto"] | null;
            /** @description All versions, newest first. */
            history: components["schemas"]["AliasVersionDto"][];
            /**
             * @description Name of the alias.
             * @example my-alias
             */
            name: string;
            /**
             * @description The version whose target a rollback of this one returns to; null if there is none.
             * @example 1
             */
            previous_version: number | null;
            /**
             * @description Target of the alias.
             * @example my-model
             */
            target: string;
            /**
             * @description 1, 2, 3, ... under one name.
             * @example 2
             */
            version: number;
        };
        AnthropicErrorContentDto: {
            /**
             * @description A stable code for programs, the field that caused the error, the remedy, and more depending on the code.
             * @example {
             *       "error_code": "not_found",
             *       "field": "model"
             *     }
             */
            details: {
                [key: string]: unknown;
            };
            /**
             * @description The problem, where it occurred, and the remedy.
             * @example Adapter nobody does not exist.
             */
            message: string;
            /**
             * @description Kind of error, as Anthropic names them.
             * @example not_found_error
             */
            type: string;
        };
        AnthropicErrorDto: {
            /** @description The error. */
            error: components["schemas"]["AnthropicErrorContentDto"];
            /**
             * @description Id of the request in the server's log; also the header `request-id`.
             * @example req_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id: string;
            /**
             * @description Kind of the object.
             * @example error
             * @enum {string}
             */
            type: "error";
        };
        ApiMapDto: {
            /**
             * @description Links to further documentation.
             * @example {
             *       "docs": "/docs",
             *       "health": "/healthz",
             *       "openapi": "/docs-json",
             *       "queues": "/admin/queues",
             *       "ready": "/readyz"
             *     }
             */
            links: {
                [key: string]: string;
            };
            /**
             * @description Name of the service.
             * @example Thinker
             */
            name: string;
            /**
             * @description How to send requests.
             * @example POST a request, get a request_id, POST /retrieve_future with it until the result is there.
             */
            pattern: string;
            /**
             * @description Role of this process: 'all', 'api' or 'worker'.
             * @example all
             */
            role: string;
            /**
             * @description Version of the service.
             * @example 0.1.0
             */
            version: string;
        };
        BlockDeltaEventDto: {
            /**
             * @description What is new.
             * @example {
             *       "text": "Hi",
             *       "type": "text_delta"
             *     }
             */
            delta: components["schemas"]["TextDeltaDto"] | components["schemas"]["InputJsonDeltaDto"];
            /**
             * @description Number of the block.
             * @example 0
             */
            index: number;
            /**
             * @description Kind of the event.
             * @example content_block_delta
             * @enum {string}
             */
            type: "content_block_delta";
        };
        BlockStartEventDto: {
            /**
             * @description The block, without its content.
             * @example {
             *       "citations": null,
             *       "text": "",
             *       "type": "text"
             *     }
             */
            content_block: components["schemas"]["TextBlockDto"] | components["schemas"]["ToolUseBlockDto"];
            /**
             * @description Number of the block in `content`, from 0.
             * @example 0
             */
            index: number;
            /**
             * @description Kind of the event.
             * @example content_block_start
             * @enum {string}
             */
            type: "content_block_start";
        };
        BlockStopEventDto: {
            /**
             * @description Number of the block that is complete.
             * @example 0
             */
            index: number;
            /**
             * @description Kind of the event.
             * @example content_block_stop
             * @enum {string}
             */
            type: "content_block_stop";
        };
        CalledFunctionDto: {
            /**
             * @description Its arguments, as the text of a JSON object.
             * @example {\city\: \Oslo\}
             */
            arguments: string;
            /**
             * @description Name of the function.
             * @example weather
             */
            name: string;
        };
        CancelDto: {
            /**
             * @description The request_id returned for the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
        };
        CapabilitiesDto: {
            /**
             * @description How concurrent requests are batched: exact = with results that are bit-identical to those of a request alone;
             *     rounding = with results that may differ by rounding; off = not at all. Null while no worker is running.
             * @example exact
             * @enum {string|null}
             */
            batching: "exact" | "off" | "rounding" | null;
            /**
             * @description Device of the worker; null while no worker is running.
             * @example cpu
             */
            device: string | null;
            /**
             * @description Tensor engine of the worker; null while no worker is running.
             * @example onnxruntime
             */
            engine: string | null;
            /**
             * @description Values of loss_fn; GET /loss_functions describes them.
             * @example [
             *       "cross_entropy",
             *       "importance_sampling",
             *       "ppo",
             *       "cispo",
             *       "dro",
             *       "pairwise_dpo"
             *     ]
             */
            loss_functions: string[];
            /**
             * @description Maximum adapters per key.
             * @example 10000
             */
            max_adapters_per_key: number;
            /**
             * @description Maximum rank of an adapter; null while no worker is running.
             * @example 256
             */
            max_rank: number | null;
            /**
             * @description Processes that the engine consists of; null while no worker is running.
             * @example 1
             */
            ranks: number | null;
            /** @description Base models; the first is the default. */
            supported_models: components["schemas"]["SupportedModelDto"][];
            /**
             * @description Version of this server.
             * @example 0.1.0
             */
            version: string;
        };
        CaptureDeletedDto: {
            /**
             * @description Id of the capture.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description Always `deleted`.
             * @example deleted
             * @enum {string}
             */
            status: "deleted";
        };
        CaptureDto: {
            /** @description The answers. */
            answers: components["schemas"]["CapturedAnswerDto"][];
            /**
             * @description Its base model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description Time of the request.
             * @example 2026-01-01T12:00:00.000Z
             */
            created_at: string;
            /** @description Feedback on the answers. */
            feedback: components["schemas"]["FeedbackDto"][];
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description The conversation of the request; null if it had a text or token ids.
             * @example [
             *       {
             *         "content": "Where do I find apples?",
             *         "role": "user"
             *       }
             *     ]
             */
            messages: Record<string, unknown>[] | null;
            /**
             * @description `metadata` of the request.
             * @example {
             *       "team": "support"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * @description Name of the model in the request.
             * @example my-alias
             */
            model: string;
            /**
             * @description The text of the request; null if it had a conversation or token ids.
             * @example null
             */
            prompt: string | null;
            /**
             * @description The tools of the request; null if there were none.
             * @example null
             */
            tools: Record<string, unknown>[] | null;
        };
        CaptureListDto: {
            /** @description Newest first. */
            captures: components["schemas"]["CaptureDto"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            next_cursor: string | null;
        };
        CaptureSettingsDto: {
            /**
             * @description Whether sampling requests of this key are captured.
             * @example true
             */
            enabled: boolean;
            /**
             * @description Captures are deleted after this many days, with their feedback.
             * @example 30
             */
            retention_days: number;
        };
        CaptureWithTokensDto: {
            /** @description The answers with their tokens and log-probs. */
            answers: components["schemas"]["CapturedSequenceDto"][];
            /**
             * @description Its base model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description Time of the request.
             * @example 2026-01-01T12:00:00.000Z
             */
            created_at: string;
            /** @description Feedback on the answers. */
            feedback: components["schemas"]["FeedbackDto"][];
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description The conversation of the request; null if it had a text or token ids.
             * @example [
             *       {
             *         "content": "Where do I find apples?",
             *         "role": "user"
             *       }
             *     ]
             */
            messages: Record<string, unknown>[] | null;
            /**
             * @description `metadata` of the request.
             * @example {
             *       "team": "support"
             *     }
             */
            metadata: {
                [key: string]: string;
            };
            /**
             * @description Name of the model in the request.
             * @example my-alias
             */
            model: string;
            /**
             * @description The text of the request; null if it had a conversation or token ids.
             * @example null
             */
            prompt: string | null;
            /**
             * @description Token ids of the prompt, as the model read it.
             * @example [
             *       1,
             *       2,
             *       3
             *     ]
             */
            prompt_tokens: number[];
            /**
             * @description The tools of the request; null if there were none.
             * @example null
             */
            tools: Record<string, unknown>[] | null;
        };
        CapturedAnswerDto: {
            /**
             * @description Why it ended.
             * @example stop
             * @enum {string}
             */
            stop_reason: "length" | "stop";
            /**
             * @description The answer.
             * @example You find them in aisle six.
             */
            text: string;
        };
        CapturedSequenceDto: {
            /**
             * @description Log-prob of each token under the weights that sampled it.
             * @example [
             *       -0.25,
             *       -1.5
             *     ]
             */
            logprobs: number[];
            /**
             * @description Why it ended.
             * @example stop
             * @enum {string}
             */
            stop_reason: "length" | "stop";
            /**
             * @description The answer.
             * @example You find them in aisle six.
             */
            text: string;
            /**
             * @description Its token ids.
             * @example [
             *       4,
             *       5
             *     ]
             */
            tokens: number[];
        };
        ChangeCaptureSettingsDto: {
            /**
             * @description Whether to capture the sampling requests of this key from now on. Omitted: unchanged.
             * @example true
             */
            enabled?: boolean;
            /**
             * @description Days after which captures are deleted, including existing ones. Omitted: unchanged.
             * @default 30
             * @example 30
             */
            retention_days?: number;
        };
        ChatAnswerDto: {
            /**
             * @description The text; null if there are only tool calls.
             * @example Hi! How can I help you?
             */
            content: string | null;
            /**
             * @description Always null.
             * @example null
             */
            refusal: string | null;
            /**
             * @description The author.
             * @example assistant
             * @enum {string}
             */
            role: "assistant";
            /** @description Tool calls, if there are any. */
            tool_calls?: components["schemas"]["ChatToolCallDto"][];
        };
        ChatChoiceDto: {
            /**
             * @description `stop` = an end token or a stop string; `tool_calls` = the same after calls; `length` = the maximum number of tokens.
             * @example stop
             * @enum {string}
             */
            finish_reason: "length" | "stop" | "tool_calls";
            /**
             * @description Number of the answer, from 0.
             * @example 0
             */
            index: number;
            /**
             * @description Log-probs of its tokens, if requested.
             * @example null
             */
            logprobs: components["schemas"]["ChoiceLogprobsDto"] | null;
            /** @description The answer. */
            message: components["schemas"]["ChatAnswerDto"];
        };
        ChatChunkChoiceDto: {
            /** @description What is new. */
            delta: components["schemas"]["ChatDeltaDto"];
            /**
             * @description Why the answer ended; null until its last chunk.
             * @example null
             * @enum {string|null}
             */
            finish_reason: "length" | "stop" | "tool_calls" | null;
            /**
             * @description Number of the answer, from 0.
             * @example 0
             */
            index: number;
            /**
             * @description Log-probs of all tokens of the answer, if requested; in its last chunk.
             * @example null
             */
            logprobs: components["schemas"]["ChoiceLogprobsDto"] | null;
        };
        ChatChunkToolCallDto: {
            /** @description The function that is called. */
            function: components["schemas"]["CalledFunctionDto"];
            /**
             * @description Id of the call, which the message with its result repeats.
             * @example call_0123456789abcdef01234567
             */
            id: string;
            /**
             * @description Number of the call in its answer, from 0.
             * @example 0
             */
            index: number;
            /**
             * @description Kind of the tool.
             * @example function
             * @enum {string}
             */
            type: "function";
        };
        ChatCompletionChunkDto: {
            /** @description One choice; none in the chunk with the usage. */
            choices: components["schemas"]["ChatChunkChoiceDto"][];
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created: number;
            /**
             * @description Contains the id of the request; the same in all chunks.
             * @example chatcmpl-future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            id: string;
            /**
             * @description Name of the model in the request.
             * @example my-model
             */
            model: string;
            /**
             * @description Kind of the object.
             * @example chat.completion.chunk
             * @enum {string}
             */
            object: "chat.completion.chunk";
            /**
             * @description Always null.
             * @example null
             */
            system_fingerprint: string | null;
            /**
             * @description With `stream_options.include_usage`: token counts in the last chunk, null before.
             * @example null
             */
            usage?: components["schemas"]["TokenUsageDto"] | null;
        };
        ChatCompletionDto: {
            /** @description The answers. */
            choices: components["schemas"]["ChatChoiceDto"][];
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created: number;
            /**
             * @description Contains the id of the request.
             * @example chatcmpl-future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            id: string;
            /**
             * @description Name of the model in the request.
             * @example my-model
             */
            model: string;
            /**
             * @description Kind of the object.
             * @example chat.completion
             * @enum {string}
             */
            object: "chat.completion";
            /**
             * @description Always null.
             * @example null
             */
            system_fingerprint: string | null;
            /** @description Token counts. */
            usage: components["schemas"]["TokenUsageDto"];
        };
        ChatCompletionRequestDto: {
            /**
             * @description Additional variables of the chat template, such as {"enable_thinking": false}. As in vLLM's API.
             * @example {}
             */
            chat_template_kwargs?: {
                [key: string]: unknown;
            };
            /**
             * @description Subtracted from the logit of a token for every time that it has been sampled.
             * @default 0
             * @example 0
             */
            frequency_penalty?: number;
            /**
             * @description Added to the logits of tokens: {"<token id>": -100 to 100}.
             * @example {}
             */
            logit_bias?: {
                [key: string]: number;
            };
            /**
             * @description Whether to return the log-prob of every token, under the model's own distribution.
             * @default false
             * @example false
             */
            logprobs?: boolean;
            /**
             * @description Maximum number of tokens of an answer. Default: what is left of the context.
             * @example 32
             */
            max_completion_tokens?: number;
            /**
             * @description Older name of max_completion_tokens.
             * @example 32
             */
            max_tokens?: number;
            /**
             * @description The conversation, rendered with the model's chat template; the role `developer` stands for `system`.
             * @example [
             *       {
             *         "content": "Hello",
             *         "role": "user"
             *       }
             *     ]
             */
            messages: Record<string, unknown>[];
            /**
             * @description Kept with the request if it is captured: up to 16 short texts.
             * @example {
             *       "team": "support"
             *     }
             */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * @description Minimum probability of a token relative to the most likely one; 0 = off. As in vLLM's API.
             * @default 0
             * @example 0
             */
            min_p?: number;
            /**
             * @description Adapter, base model ("base" for the server's first one), or path of sampler weights
             *     (tinker://<model_id>/sampler_weights/<name>).
             * @example my-model
             */
            model: string;
            /**
             * @description Number of answers.
             * @default 1
             * @example 1
             */
            n?: number;
            /**
             * @description Whether an answer may hold several calls.
             * @default true
             * @example true
             */
            parallel_tool_calls?: boolean;
            /**
             * @description Subtracted from the logit of a token that has been sampled.
             * @default 0
             * @example 0
             */
            presence_penalty?: number;
            /**
             * @description Makes tokens of the prompt and the answer so far less likely (above 1); 1 = off. As in vLLM's API.
             * @default 1
             * @example 1
             */
            repetition_penalty?: number;
            /**
             * @description {"type": "text"}, {"type": "json_object"}, or {"type": "json_schema", "json_schema": {"name", "schema"}}: an answer
             *     that is not cut off is valid under the schema, `strict` or not.
             * @example {
             *       "type": "json_object"
             *     }
             */
            response_format?: {
                [key: string]: unknown;
            };
            /**
             * @description The same request with the same seed gives the same answer.
             * @example 42
             */
            seed?: number | string;
            /**
             * @description Up to 16 strings that end an answer; they are not part of it. The model's own end tokens always end it.
             * @example [
             *       "\n\n"
             *     ]
             */
            stop?: string | string[];
            /**
             * @description Stream the answer as server-sent events, followed by `[DONE]`.
             * @default false
             * @example false
             */
            stream?: boolean;
            /**
             * @description Options of streams.
             * @example {
             *       "include_usage": true
             *     }
             */
            stream_options?: components["schemas"]["StreamOptionsDto"] | null;
            /**
             * @description Flattens (above 1) or sharpens (below 1) the distribution; 0 = greedy.
             * @default 1
             * @example 0.7
             */
            temperature?: number;
            /**
             * @description `none`: no calls; `auto`: the model decides; `required`: at least one call; {"type": "function", "function":
             *     {"name"}}: a call of that function.
             * @default auto
             * @example auto
             */
            tool_choice?: ("auto" | "none" | "required") | Record<string, unknown>;
            /**
             * @description Functions that the model may call, if its chat template supports tools.
             * @example []
             */
            tools?: Record<string, unknown>[];
            /**
             * @description Sample from the k most likely tokens; 0 or -1 = off. Not in OpenAI's API; as in vLLM's.
             * @default 0
             * @example 0
             */
            top_k?: number;
            /**
             * @description For logprobs: number of most likely tokens to return per position.
             * @default 0
             * @example 2
             */
            top_logprobs?: number;
            /**
             * @description Sample from the most likely tokens whose total probability reaches this value; 1 = off.
             * @default 1
             * @example 1
             */
            top_p?: number;
        };
        ChatDeltaDto: {
            /**
             * @description The next piece of text; null in the first chunk of requests with tools.
             * @example Hi
             */
            content?: string | null;
            /**
             * @description The author; in the first chunk of an answer.
             * @example assistant
             * @enum {string}
             */
            role?: "assistant";
            /** @description A complete tool call. */
            tool_calls?: components["schemas"]["ChatChunkToolCallDto"][];
        };
        ChatMessageDto: {
            /**
             * @description Text of the message; null if the assistant only calls tools.
             * @example Hello
             */
            content?: (string | components["schemas"]["TextPartDto"][]) | null;
            /**
             * @description Name of the speaker, for chat templates that use it.
             * @example alice
             */
            name?: string;
            /**
             * @description Reasoning before the answer, for chat templates that use it.
             * @example The user greets me.
             */
            reasoning_content?: string;
            /**
             * @description Role of the speaker: system, developer, user, assistant, tool, or another role that the model's chat template supports.
             * @example user
             */
            role: string;
            /**
             * @description Id of the tool call that a message with role tool responds to.
             * @example call_1
             */
            tool_call_id?: string;
            /**
             * @description Function calls by the assistant: {"type": "function", "function": {"name", "arguments"}}.
             * @example []
             */
            tool_calls?: Record<string, unknown>[];
            /**
             * @description In training with "train_on": "assistant": weight of this answer; 0 excludes it.
             * @example 1
             */
            weight?: number;
        };
        ChatToolCallDto: {
            /** @description The function that is called. */
            function: components["schemas"]["CalledFunctionDto"];
            /**
             * @description Id of the call, which the message with its result repeats.
             * @example call_0123456789abcdef01234567
             */
            id: string;
            /**
             * @description Kind of the tool.
             * @example function
             * @enum {string}
             */
            type: "function";
        };
        CheckpointAcceptedDto: {
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Path of the checkpoint.
             * @example tinker://my-model/weights/step-10
             */
            path: string;
            /**
             * @description Future of the result: POST /retrieve_future.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id: string;
        };
        CheckpointDeletedDto: {
            /**
             * @description Path of the deleted checkpoint.
             * @example tinker://my-model/weights/step-10
             */
            path: string;
            /**
             * @description Always "deleted".
             * @example deleted
             */
            status: string;
        };
        CheckpointDto: {
            /**
             * @description Base model of the checkpoint.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description When it was saved.
             * @example 2026-11-23T12:00:00.000Z
             */
            created_at: string;
            /**
             * @description Expiry time; null = never.
             * @example null
             */
            expires_at: string | null;
            /**
             * @description Training checkpoint, sampler weights, or PEFT files.
             * @example weights
             * @enum {string}
             */
            kind: "external_weights" | "sampler_weights" | "weights";
            /**
             * @description Name of the checkpoint.
             * @example step-10
             */
            name: string;
            /**
             * @description Path for /load_weights, and for /generate if the kind is sampler.
             * @example tinker://my-model/weights/step-10
             */
            path: string;
            /**
             * @description Total size of the files in bytes.
             * @example 11079680
             */
            size_bytes: number;
            /**
             * @description Optimiser steps of the adapter when it was saved.
             * @example 10
             */
            step: number;
        };
        CheckpointListDto: {
            /** @description Oldest first. */
            checkpoints: components["schemas"]["CheckpointDto"][];
        };
        ChoiceLogprobsDto: {
            /** @description The tokens of the answer, without the end token. */
            content: components["schemas"]["TokenLogprobDto"][];
            /**
             * @description Always null.
             * @example null
             */
            refusal: string | null;
        };
        CompletedCreateDto: {
            /**
             * @description Base model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model: string;
            /**
             * @description Digest of the adapter's weights, optimiser moments and step after the operation. The same requests on the same machine give the same digests, even if they are replayed after a crash.
             * @example xxh64:8f3c0e1d2b7a6954
             */
            digest?: string;
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "create_adapter";
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Rank of the adapter.
             * @example 16
             */
            rank: number;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
            /**
             * @description Number of trainable parameters.
             * @example 921600
             */
            trainable_params: number;
        };
        CompletedDeleteDto: {
            /**
             * @description Whether memory and files are freed.
             * @example true
             */
            deleted: boolean;
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "delete_adapter";
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
        };
        CompletedForwardDto: {
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "forward" | "forward_backward";
            /**
             * @description The loss of the batch; null if it is not finite.
             * @example 2.31
             */
            loss: number | null;
            /**
             * @description The loss that was used, `name@version` for a formula loss; missing in results of earlier versions.
             * @example cross_entropy
             */
            loss_fn?: string;
            /** @description Outputs per datum. */
            loss_fn_outputs: components["schemas"]["ForwardOutputDto"][];
            /**
             * @description Metrics by name; `loss:sum` is the loss. Null if it is not finite.
             * @example {
             *       "loss:sum": 2.31,
             *       "mean_nll": 0.77
             *     }
             */
            metrics: {
                [key: string]: number | null;
            };
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Datums in the batch.
             * @example 1
             */
            num_samples: number;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
        };
        CompletedGenerateDto: {
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "generate";
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The seed that was used; a string of digits if a float64 cannot represent it exactly.
             * @example 42
             */
            seed: number | string;
            /** @description The n completions. */
            sequences: components["schemas"]["GeneratedSequenceDto"][];
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
            /**
             * @description Text of the first sequence.
             * @example Hi there!
             */
            text: string;
            /** @description Prompt and sampled tokens. */
            usage: components["schemas"]["GenerateUsageDto"];
        };
        CompletedLoadDto: {
            /**
             * @description Digest of the adapter's weights, optimiser moments and step after the operation. The same requests on the same machine give the same digests, even if they are replayed after a crash.
             * @example xxh64:8f3c0e1d2b7a6954
             */
            digest?: string;
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "load_weights";
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description The checkpoint that was loaded.
             * @example tinker://my-model/weights/step-10
             */
            path: string;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
            /**
             * @description Optimiser steps of the adapter after loading; missing in results of earlier versions.
             * @example 10
             */
            step?: number;
        };
        CompletedOptimStepDto: {
            /**
             * @description Digest of the adapter's weights, optimiser moments and step after the operation. The same requests on the same machine give the same digests, even if they are replayed after a crash.
             * @example xxh64:8f3c0e1d2b7a6954
             */
            digest?: string;
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "optim_step";
            /**
             * @description step, grad_norm, update_norm, weight_norm, learning_rate.
             * @example {
             *       "grad_norm": 0.8,
             *       "step": 1
             *     }
             */
            metrics: {
                [key: string]: number | null;
            };
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
        };
        CompletedRewindDto: {
            /**
             * @description Digest of the adapter's weights, optimiser moments and step after the operation. The same requests on the same machine give the same digests, even if they are replayed after a crash.
             * @example xxh64:8f3c0e1d2b7a6954
             */
            digest: string;
            /**
             * @description Whether the adapter has unapplied gradients.
             * @example false
             */
            has_gradients: boolean;
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "rewind_adapter";
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
            /**
             * @description Optimiser steps of the adapter after the rewind.
             * @example 3
             */
            step: number;
        };
        CompletedSaveDto: {
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "save_weights" | "save_weights_external" | "save_weights_for_sampler";
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Name of the checkpoint.
             * @example step-10
             */
            name: string;
            /**
             * @description Path of the checkpoint.
             * @example tinker://my-model/weights/step-10
             */
            path: string;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description Size of the files in bytes; missing in results of earlier versions.
             * @example 7340032
             */
            size_bytes?: number;
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
        };
        CompletedUnloadDto: {
            /**
             * @description Kind of operation. (enum property replaced by openapi-typescript)
             * @enum {string}
             */
            kind: "unload_adapter";
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description The request is completed.
             * @example completed
             * @enum {string}
             */
            status: "completed";
            /**
             * @description Whether the memory is freed.
             * @example true
             */
            unloaded: boolean;
        };
        ConfigDefinitionDto: {
            /**
             * @description Default value.
             * @example 0.1
             */
            default: number;
            /**
             * @description Description; at most 2000 characters.
             * @example Strength of the penalty that keeps the policy close to the reference
             */
            description?: string;
            /**
             * @description Maximum value.
             * @example 10
             */
            max?: number;
            /**
             * @description Minimum value.
             * @example 0
             */
            min?: number;
        };
        ConversationDto: {
            /**
             * @description Additional variables of the chat template, such as {"enable_thinking": false}.
             * @example {}
             */
            chat_template_kwargs?: {
                [key: string]: unknown;
            };
            /**
             * @description Messages, rendered with the base model's chat template.
             * @example [
             *       {
             *         "content": "Hello",
             *         "role": "user"
             *       },
             *       {
             *         "content": "Hi there!",
             *         "role": "assistant"
             *       }
             *     ]
             */
            messages: components["schemas"]["ChatMessageDto"][];
            /**
             * @description Functions that the model may call, for chat templates that support tools.
             * @example []
             */
            tools?: Record<string, unknown>[];
        };
        CreateAdapterDto: {
            /**
             * @description Same as lora_config.alpha, for clients of the original API.
             * @example 32
             */
            alpha?: number;
            /**
             * @description Base model to adapt, see GET /get_server_capabilities. Default: the first one of the server.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model?: string;
            /**
             * @description LoRA settings. Default: rank 16, alpha 32 on q_proj and v_proj.
             * @example {
             *       "alpha": 32,
             *       "rank": 16,
             *       "target_modules": [
             *         "q_proj",
             *         "v_proj"
             *       ]
             *     }
             */
            lora_config?: components["schemas"]["LoraConfigDto"];
            /**
             * @description Your name for the adapter: 1 to 128 letters, digits, dots, dashes, underscores and colons, not beginning with a
             *     dot. Generated as `<base model>_lora_<8 hex digits>` when left out.
             * @example my-model
             */
            model_id?: string;
            /**
             * @description Same as lora_config.rank, for clients of the original API.
             * @example 16
             */
            rank?: number;
        };
        CreateJobDto: {
            /**
             * @deprecated
             * @description Hyper-parameters of the method, in the former format of OpenAI's API.
             */
            hyperparameters?: components["schemas"]["HyperparametersDto"];
            /**
             * @description Must be empty: this server sends nothing to other services.
             * @example []
             */
            integrations?: Record<string, unknown>[] | null;
            /**
             * @description Up to 16 texts to store with the job: names of up to 64 characters, texts of up to 512.
             * @example {
             *       "team": "support"
             *     }
             */
            metadata?: {
                [key: string]: string;
            } | null;
            /** @description How to train, with its hyper-parameters. Default: supervised. */
            method?: components["schemas"]["MethodDto"];
            /**
             * @description Base model ("base" for the server's first one).
             * @example base
             */
            model: string;
            /**
             * @description Seed of the order of rows, the initial weights and dropout. Default: a random one.
             * @example 42
             */
            seed?: number | null;
            /**
             * @description Part of the model's name: up to 64 letters, digits, dots, dashes and underscores.
             * @example support
             */
            suffix?: string | null;
            /**
             * @description Id of a file with purpose fine-tune.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            training_file: string;
            /**
             * @description Id of a file whose loss is computed after each epoch.
             * @example null
             */
            validation_file?: string | null;
        };
        CreateWebhookDto: {
            /**
             * @description A note of your own.
             * @example pager
             */
            description?: string;
            /**
             * @description Events to post.
             * @example [
             *       "future.failed",
             *       "fine_tuning.job.succeeded"
             *     ]
             */
            events: ("fine_tuning.job.cancelled" | "fine_tuning.job.failed" | "fine_tuning.job.succeeded" | "future.completed" | "future.failed")[];
            /**
             * @description URL that events are posted to. It must be public and contain no password.
             * @example https://example.com/hooks/thinker
             */
            url: string;
        };
        CreatedWebhookDto: {
            /**
             * @description Time of creation.
             * @example 2026-11-23T10:15:30.000Z
             */
            created_at: string;
            /**
             * @description Your note.
             * @example pager
             */
            description: string | null;
            /**
             * @description Why it is disabled.
             * @example it answered 410 Gone
             */
            disabled_reason: string | null;
            /**
             * @description Events that are posted.
             * @example [
             *       "future.failed",
             *       "fine_tuning.job.succeeded"
             *     ]
             */
            events: ("fine_tuning.job.cancelled" | "fine_tuning.job.failed" | "fine_tuning.job.succeeded" | "future.completed" | "future.failed")[];
            /**
             * @description Time of the first failure since the last success.
             * @example 2026-11-23T10:15:30.000Z
             */
            failing_since: string | null;
            /**
             * @description Id of the webhook.
             * @example wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description Until when deliveries are also signed with the secret before the present one; null when they are not.
             * @example 2026-11-24T10:15:30.000Z
             */
            previous_secret_expires_at: string | null;
            /**
             * @description Key for verifying signatures. It is shown only this once.
             * @example whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD
             */
            secret: string;
            /**
             * @description A disabled webhook receives no events; a successful ping enables it again.
             * @example active
             * @enum {string}
             */
            status: "active" | "disabled";
            /**
             * @description URL that events are posted to.
             * @example https://example.com/hooks/thinker
             */
            url: string;
        };
        DatumDto: {
            /**
             * @description By name, aligned with the N tokens; target_tokens[t] is the token to predict after tokens 0..t. A target of -100 is
             *     ignored: its position does not count, whatever its weight, and the log-prob there is that of token 0.
             * @example {
             *       "target_tokens": {
             *         "data": [
             *           2,
             *           3,
             *           4
             *         ],
             *         "dtype": "int64",
             *         "shape": [
             *           3
             *         ]
             *       },
             *       "weights": [
             *         0,
             *         1,
             *         1
             *       ]
             *     }
             */
            loss_fn_inputs: {
                [key: string]: components["schemas"]["TensorDto"] | number[];
            };
            /**
             * @description The N input tokens.
             * @example {
             *       "chunks": [
             *         {
             *           "tokens": [
             *             1,
             *             2,
             *             3
             *           ],
             *           "type": "encoded_text"
             *         }
             *       ]
             *     }
             */
            model_input: components["schemas"]["ModelInputDto"];
        };
        DeliveryDto: {
            /**
             * @description Number of attempts.
             * @example 1
             */
            attempts: number;
            /**
             * @description Time of the event.
             * @example 2026-11-23T10:15:30.000Z
             */
            created_at: string;
            /**
             * @description Why the last attempt failed.
             * @example HTTP 500
             */
            error: string | null;
            /**
             * @description Type of the event.
             * @example future.failed
             */
            event: string;
            /**
             * @description When it was delivered or given up.
             * @example 2026-11-23T10:15:30.200Z
             */
            finished_at: string | null;
            /**
             * @description Id of the event: the header `webhook-id`, the same in every attempt.
             * @example evt_6f1c2b7a9d3e4f508a1b2c3d4e5f6071
             */
            id: string;
            /**
             * @description Time of the next attempt if it is pending.
             * @example 2026-11-23T10:15:35.000Z
             */
            next_attempt_at: string | null;
            /**
             * @description HTTP status of the last response.
             * @example 204
             */
            response_status: number | null;
            /**
             * @description 'pending' = waiting for its next attempt, 'dead' = given up.
             * @example delivered
             * @enum {string}
             */
            status: "dead" | "delivered" | "pending";
        };
        DeliveryListDto: {
            /** @description Newest first. */
            deliveries: components["schemas"]["DeliveryDto"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example 1042
             */
            next_cursor: number | null;
        };
        DirectCallerDto: {
            /**
             * @description The model itself.
             * @example direct
             * @enum {string}
             */
            type: "direct";
        };
        DpoHyperparametersDto: {
            /**
             * @description Decay of AdamW's first moment.
             * @default 0.9
             * @example 0.9
             */
            adam_beta1?: number;
            /**
             * @description Decay of AdamW's second moment.
             * @default 0.999
             * @example 0.999
             */
            adam_beta2?: number;
            /**
             * @description AdamW's epsilon.
             * @default 1e-8
             * @example 1e-8
             */
            adam_epsilon?: number;
            /**
             * @description Rows per step.
             * @default auto
             * @example auto
             */
            batch_size?: "auto" | number;
            /**
             * @description Strength of the pull towards the base model (beta of the DPO paper).
             * @default auto
             * @example 0.1
             */
            beta?: "auto" | number;
            /**
             * @description End after this number of epochs without a lower validation loss.
             * @example 2
             */
            early_stopping_patience?: number;
            /**
             * @description Whether the model gets the weights of the epoch with the lowest validation loss. Default: with early stopping.
             * @example true
             */
            keep_best?: boolean;
            /**
             * @description Absolute learning rate, instead of a multiplier. Like all following fields, not in OpenAI's API.
             * @example 0.0005
             */
            learning_rate?: number;
            /**
             * @description Factor on the learning rate that the server would choose.
             * @default auto
             * @example auto
             */
            learning_rate_multiplier?: "auto" | number;
            /**
             * @description Scale of the LoRA: alpha / rank.
             * @default 32
             * @example 32
             */
            lora_alpha?: number;
            /**
             * @description Probability of dropping an input of the A matrices while training.
             * @default 0
             * @example 0
             */
            lora_dropout?: number;
            /**
             * @description Rank of the LoRA.
             * @default 16
             * @example 16
             */
            lora_rank?: number;
            /**
             * @description Learning rate after the warm-up: constant, or falling to 0 linearly or along half a cosine.
             * @default linear
             * @example linear
             * @enum {string}
             */
            lr_schedule?: "constant" | "cosine" | "linear";
            /**
             * @description Cap on the norm of a step's gradient; 0 = no cap.
             * @default 0
             * @example 1
             */
            max_grad_norm?: number;
            /**
             * @description Passes over the training rows.
             * @default auto
             * @example 3
             */
            n_epochs?: "auto" | number;
            /**
             * @description Linears with LoRA. Default: all of the decoder layers, without experts.
             * @example [
             *       "q_proj",
             *       "v_proj"
             *     ]
             */
            target_modules?: ("down_proj" | "gate_proj" | "gate_up_proj" | "k_proj" | "lm_head" | "o_proj" | "q_proj" | "qkv_proj" | "up_proj" | "v_proj")[] | "all-linear";
            /**
             * @description Whether rows that exceed the model's context are cut; otherwise they are refused.
             * @default false
             * @example false
             */
            truncate?: boolean;
            /**
             * @description Share of the training file's rows to hold out for validation.
             * @example 0.1
             */
            validation_split?: number;
            /**
             * @description Share of all steps over which the learning rate rises from 0.
             * @example 0.1
             */
            warmup_ratio?: number;
            /**
             * @description Steps over which the learning rate rises from 0.
             * @default 0
             * @example 0
             */
            warmup_steps?: number;
            /**
             * @description Weight decay of AdamW.
             * @default 0.01
             * @example 0.01
             */
            weight_decay?: number;
        };
        DpoMethodDto: {
            /** @description Hyper-parameters; omitted ones are "auto". */
            hyperparameters?: components["schemas"]["DpoHyperparametersDto"];
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
        FeedbackDto: {
            /**
             * @description Index of the answer, for requests with several.
             * @example 0
             */
            choice: number;
            /**
             * @description The corrected answer; null if there is none.
             * @example You find them in aisle seven.
             */
            correction: string | null;
            /**
             * @description A note; null if there is none.
             * @example We have moved.
             */
            note: string | null;
            /**
             * @description Score of the answer, from 0 (bad) to 1 (good); null if there is none.
             * @example 0.25
             */
            score: number | null;
            /**
             * @description Whether the answer is good; null if not rated.
             * @example down
             * @enum {string|null}
             */
            thumb: "down" | "up" | null;
            /**
             * @description Time of the last change.
             * @example 2026-01-01T12:00:00.000Z
             */
            updated_at: string;
        };
        FileDeletedDto: {
            /**
             * @description Always true.
             * @example true
             */
            deleted: boolean;
            /**
             * @description Id of the file.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description Kind of the object.
             * @example file
             * @enum {string}
             */
            object: "file";
        };
        FileDto: {
            /**
             * @description Size in bytes.
             * @example 120000
             */
            bytes: number;
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created_at: number;
            /**
             * @description When it will be deleted, in seconds since 1970; null for a file that is kept.
             * @example null
             */
            expires_at: number | null;
            /**
             * @description Name that it was uploaded with.
             * @example chats.jsonl
             */
            filename: string;
            /**
             * @description Id of the file.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description Kind of the object.
             * @example file
             * @enum {string}
             */
            object: "file";
            /**
             * @description Purpose of the file.
             * @example fine-tune
             * @enum {string}
             */
            purpose: "fine-tune" | "fine-tune-results";
            /**
             * @description Always `processed`: a file is checked before it is stored.
             * @example processed
             * @enum {string}
             */
            status: "processed";
            /**
             * @description Always null.
             * @example null
             */
            status_details: string | null;
        };
        FileListDto: {
            /** @description A page of your files. */
            data: components["schemas"]["FileDto"][];
            /**
             * @description Id of the first one; null on an empty page.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            first_id: string | null;
            /**
             * @description Whether more follow.
             * @example false
             */
            has_more: boolean;
            /**
             * @description Id of the last one, for `after`; null on an empty page.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            last_id: string | null;
            /**
             * @description Kind of the object.
             * @example list
             * @enum {string}
             */
            object: "list";
        };
        ForkDto: {
            /**
             * @description Name of the new adapter. Default: generated.
             * @example my-fork
             */
            model_id?: string;
            /**
             * @description Alternative to step: a completed request of the history, which may have been undone.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id?: string;
            /**
             * @description Number of optimiser steps; 0 = the initial state.
             * @example 1
             */
            step?: number;
        };
        ForkedDto: {
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
             * @description Rank of the low-rank matrices.
             * @example 16
             */
            rank: number;
            /**
             * @description Future of the creation in the worker; you do not need to wait for it.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id: string;
            /**
             * @description The adapter that it was forked from.
             * @example my-model
             */
            source_model_id: string;
            /**
             * @description The last request of the source that the fork includes.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            source_request_id: string;
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
        ForwardDto: {
            /**
             * @description Base model if this request creates the adapter. Default: the first one of the server.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model?: string;
            /**
             * @description Conversations, put through the base model's chat template (rows with messages, or bare lists of messages), and texts
             *     (prompt and completion), or token-level datums; not both in one request.
             * @example [
             *       {
             *         "messages": [
             *           {
             *             "content": "Hello",
             *             "role": "user"
             *           },
             *           {
             *             "content": "Hi there!",
             *             "role": "assistant"
             *           }
             *         ]
             *       }
             *     ]
             */
            data: (components["schemas"]["ConversationDto"] | components["schemas"]["PromptCompletionDto"])[] | components["schemas"]["ChatMessageDto"][][] | components["schemas"]["DatumDto"][];
            /**
             * @description Positions whose log-probs are returned: "weighted" omits those of weight 0 (null), which is faster. Default: "all"
             *     for datums, "weighted" for conversations.
             * @example all
             * @enum {string}
             */
            logprobs?: "all" | "weighted";
            /**
             * @description LoRA settings if this request creates the adapter; an existing adapter must match them.
             * @example {
             *       "alpha": 32,
             *       "rank": 16
             *     }
             */
            lora_config?: components["schemas"]["LoraConfigDto"];
            /**
             * @description Loss function, see GET /loss_functions.
             * @default cross_entropy
             * @example cross_entropy
             */
            loss_fn?: string;
            /**
             * @description Settings of the loss by name, see GET /loss_functions.
             * @example {}
             */
            loss_fn_config?: {
                [key: string]: number;
            };
            /**
             * @description For conversations: by name, one list of numbers (one per target, so tokens of the conversation - 1), or one number
             *     for all targets, per conversation. Losses for reinforcement learning need logprobs and advantages.
             * @example {}
             */
            loss_fn_inputs?: {
                [key: string]: (number | number[])[];
            };
            /**
             * @description Name of the adapter, which is created with defaults if it does not exist. For /fwd, also the name of a base model
             *     or "base".
             * @example my-model
             */
            model_id: string;
            /**
             * @description Your number of this request; a repeat with the same number returns the same future.
             * @example 1
             */
            seq_id?: number;
            /**
             * @description For conversations: which tokens are targets. `assistant`: each answer from the end of its prompt to its end-of-turn
             *     token, the one that generation stops at; a conversation whose chat template does not tell where that is is refused.
             *     Of a text, the completion and the end token.
             * @default all
             * @example assistant
             * @enum {string}
             */
            train_on?: "all" | "assistant";
        };
        ForwardOutputDto: {
            /** @description Log-probs of the targets. */
            logprobs: components["schemas"]["LogprobsDto"];
        };
        FutureDto: {
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
             * @description Position in the log; requests of one adapter run in this order.
             * @example 1043
             */
            position: number;
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
        FutureEventDto: {
            /**
             * @description Time of the event, where it is known.
             * @example 2026-11-23T10:15:30.100Z
             */
            at: string | null;
            /**
             * @description How often a worker had claimed it by then; 0 before the first time.
             * @example 1
             */
            attempt: number;
            /** @description The error, if it failed. */
            error: components["schemas"]["FutureErrorDto"] | null;
            /**
             * @description What happened; also the name of the event.
             * @example running
             * @enum {string}
             */
            event: "claimed" | "completed" | "failed" | "queued" | "running";
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
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /** @description The request that fetches the result, once it is completed. */
            result: components["schemas"]["ResultReferenceDto"] | null;
            /**
             * @description The worker that runs it or ran it.
             * @example worker_01JD8Z5R0N8M1T3S6Y9K2H4B7A
             */
            worker_id: string | null;
        };
        FutureListDto: {
            /** @description Newest first. */
            futures: components["schemas"]["FutureDto"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example 1042
             */
            next_cursor: number | null;
        };
        FutureProgressDto: {
            /**
             * @description Number of requests ahead of it, while it is pending.
             * @example 2
             */
            queue_position: number | null;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description Tokens that a streamed generation has sampled since the client began to follow it.
             * @example 128
             */
            tokens: number | null;
        };
        GenerateDto: {
            /**
             * @description For messages: end the prompt with the opening of the assistant's next turn.
             * @default true
             * @example true
             */
            add_generation_prompt?: boolean;
            /**
             * @description Return a request id immediately; POST /retrieve_future returns the result.
             * @default false
             * @example false
             */
            async?: boolean;
            /**
             * @description Base model, if there is no model_id. Default: the first one of the server.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            base_model?: string;
            /**
             * @description For messages: additional variables of the chat template, such as {"enable_thinking": false}.
             * @example {}
             */
            chat_template_kwargs?: {
                [key: string]: unknown;
            };
            /**
             * @description For messages: continue the last message instead of answering it.
             * @default false
             * @example false
             */
            continue_final_message?: boolean;
            /**
             * @description Whether to return the log-prob of every sampled token.
             * @default false
             * @example false
             */
            logprobs?: boolean;
            /**
             * @description Maximum number of tokens to sample.
             * @default 64
             * @example 64
             */
            max_new_tokens?: number;
            /**
             * @description OpenAI's name for max_new_tokens.
             * @example 64
             */
            max_tokens?: number;
            /**
             * @description A conversation, rendered with the model's chat template. Pass either this, prompt or tokens.
             * @example [
             *       {
             *         "content": "Hello",
             *         "role": "user"
             *       }
             *     ]
             */
            messages?: components["schemas"]["ChatMessageDto"][];
            /**
             * @description Kept with the request if it is captured: up to 16 short texts.
             * @example {
             *       "team": "support"
             *     }
             */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * @description Minimum probability of a token relative to the most likely one; 0 = off.
             * @default 0
             * @example 0.05
             */
            min_p?: number;
            /**
             * @description Adapter to sample from, or the path of sampler weights (tinker://<model_id>/sampler_weights/<name>). Default, and
             *     with a base model's name or "base": the base model itself.
             * @example my-model
             */
            model_id?: string;
            /**
             * @description Number of completions.
             * @default 1
             * @example 1
             */
            n?: number;
            /**
             * @description Tinker's name for n.
             * @example 1
             */
            num_samples?: number;
            /**
             * @description Prompt as text, without a chat template.
             * @example Once upon a time
             */
            prompt?: string;
            /**
             * @description Penalty above 1 makes tokens that have already occurred less likely; 1 = off.
             * @default 1
             * @example 1.1
             */
            repetition_penalty?: number;
            /**
             * @description The same request with the same seed gives the same answer. Any integer, or a string of its digits. Default: a
             *     random one, which the response contains.
             * @example 42
             */
            seed?: number | string;
            /**
             * @description Ends a continuation: a string, up to 16 strings, or token ids. Strings are left out of the text. The model's own end
             *     tokens always end it.
             * @example [
             *       "\n\n"
             *     ]
             */
            stop?: string | string[] | number[];
            /**
             * @description Return server-sent events: token (index, token, text), then done (the whole result) or error.
             * @default false
             * @example false
             */
            stream?: boolean;
            /**
             * @description Flattens (above 1) or sharpens (below 1) the distribution; 0 = greedy.
             * @default 1
             * @example 0.7
             */
            temperature?: number;
            /**
             * @description Prompt as token ids.
             * @example [
             *       1,
             *       2,
             *       3
             *     ]
             */
            tokens?: number[];
            /**
             * @description For messages: functions that the model may call, for chat templates that support tools.
             * @example []
             */
            tools?: Record<string, unknown>[];
            /**
             * @description Sample from the k most likely tokens; 0 or -1 = off.
             * @default 0
             * @example 50
             */
            top_k?: number;
            /**
             * @description Sample from the most likely tokens whose total probability reaches this value; 1 = off.
             * @default 1
             * @example 0.95
             */
            top_p?: number;
        };
        GenerateResultDto: {
            /**
             * @description The model that was sampled from.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Future of this result, to retrieve it again.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id: string;
            /**
             * @description The seed that was used; a string of digits if a float64 cannot represent it exactly.
             * @example 42
             */
            seed: number | string;
            /** @description The n completions. */
            sequences: components["schemas"]["GeneratedSequenceDto"][];
            /**
             * @description Text of the first sequence.
             * @example Hi there!
             */
            text: string;
            /** @description Prompt and sampled tokens. */
            usage: components["schemas"]["GenerateUsageDto"];
        };
        GenerateUsageDto: {
            /**
             * @description Sampled tokens of all sequences.
             * @example 4
             */
            completion_tokens: number;
            /**
             * @description Tokens of the prompt.
             * @example 31
             */
            prompt_tokens: number;
        };
        GeneratedSequenceDto: {
            /**
             * @description Log-prob of each token under the model's own distribution (temperature 1, no truncation).
             * @example [
             *       -0.1,
             *       -0.5,
             *       -0.02,
             *       -0.3
             *     ]
             */
            logprobs?: number[];
            /**
             * @description Whether a stop token or string, or max_new_tokens, ended the sequence.
             * @example stop
             * @enum {string}
             */
            stop_reason: "length" | "stop";
            /**
             * @description Text without the stop token or stop string.
             * @example Hi there!
             */
            text: string;
            /**
             * @description Token ids, including a final stop token.
             * @example [
             *       19556,
             *       665,
             *       17,
             *       2
             *     ]
             */
            tokens: number[];
        };
        GiveFeedbackDto: {
            /**
             * @description Index of the answer, for requests with several.
             * @default 0
             * @example 0
             */
            choice?: number;
            /**
             * @description The corrected answer.
             * @example You find them in aisle seven.
             */
            correction?: string | null;
            /**
             * @description Id of a captured answer, as the client got it, or of its request.
             * @example chatcmpl-future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description A note.
             * @example We have moved.
             */
            note?: string | null;
            /**
             * @description Score of the answer, from 0 (bad) to 1 (good).
             * @example 0.25
             */
            score?: number | null;
            /**
             * @description Whether the answer is good.
             * @example down
             * @enum {string|null}
             */
            thumb?: "down" | "up" | null;
        };
        GivenFeedbackDto: {
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            capture_id: string;
            /**
             * @description Index of the answer, for requests with several.
             * @example 0
             */
            choice: number;
            /**
             * @description The corrected answer; null if there is none.
             * @example You find them in aisle seven.
             */
            correction: string | null;
            /**
             * @description A note; null if there is none.
             * @example We have moved.
             */
            note: string | null;
            /**
             * @description Score of the answer, from 0 (bad) to 1 (good); null if there is none.
             * @example 0.25
             */
            score: number | null;
            /**
             * @description Whether the answer is good; null if not rated.
             * @example down
             * @enum {string|null}
             */
            thumb: "down" | "up" | null;
            /**
             * @description Time of the last change.
             * @example 2026-01-01T12:00:00.000Z
             */
            updated_at: string;
        };
        GradientCheckDto: {
            /**
             * @description Number of generated batches; the loss was not finite on the rest.
             * @example 4
             */
            batches: number;
            /**
             * @description Number of generated batches on which the gradient was compared with finite differences.
             * @example 4
             */
            checked: number;
            /**
             * @description Summary in words.
             * @example The gradient agrees with finite differences on 4 of 4 generated batches.
             */
            message: string;
        };
        HistoryDto: {
            /** @description Newest first. */
            entries: components["schemas"]["HistoryEntryDto"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example 1042
             */
            next_cursor: number | null;
        };
        HistoryEntryDto: {
            /**
             * @description Time of acceptance.
             * @example 2026-11-23T10:15:30.000Z
             */
            created_at: string;
            /**
             * @description Whether it is in effect; false if a later rewind has undone it.
             * @example true
             */
            current: boolean;
            /**
             * @description Digest of weights, optimiser moments and step after the operation; null for kinds that do not change them.
             * @example xxh64:8f3c0e1d2b7a6954
             */
            digest: string | null;
            /**
             * @description Error code of an optim_step that was refused and dropped the gradients; null otherwise.
             * @example non_finite_update
             */
            error_code: string | null;
            /**
             * @description Time of completion.
             * @example 2026-11-23T10:15:30.900Z
             */
            finished_at: string;
            /**
             * @description Kind of operation.
             * @example optim_step
             * @enum {string}
             */
            kind: "create_adapter" | "delete_adapter" | "forward" | "forward_backward" | "generate" | "load_weights" | "optim_step" | "rewind_adapter" | "save_weights" | "save_weights_external" | "save_weights_for_sampler" | "unload_adapter";
            /**
             * @description The loss of a forward_backward, `name@version` for a formula loss; null for other kinds and for requests of earlier
             *     server versions.
             * @example my_dpo@3
             */
            loss_fn: string | null;
            /**
             * @description Loss and metrics, if any.
             * @example {
             *       "grad_norm": 0.83,
             *       "step": 12
             *     }
             */
            metrics: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Id of the request, for POST /adapters/{model_id}/rewind and /fork.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id: string;
            /**
             * @description Start time.
             * @example 2026-11-23T10:15:30.100Z
             */
            started_at: string | null;
            /**
             * @description Optimiser steps of the adapter after the operation; null for kinds that do not change them.
             * @example 12
             */
            step: number | null;
        };
        HyperparametersDto: {
            /**
             * @description Decay of AdamW's first moment.
             * @default 0.9
             * @example 0.9
             */
            adam_beta1?: number;
            /**
             * @description Decay of AdamW's second moment.
             * @default 0.999
             * @example 0.999
             */
            adam_beta2?: number;
            /**
             * @description AdamW's epsilon.
             * @default 1e-8
             * @example 1e-8
             */
            adam_epsilon?: number;
            /**
             * @description Rows per step.
             * @default auto
             * @example auto
             */
            batch_size?: "auto" | number;
            /**
             * @description End after this number of epochs without a lower validation loss.
             * @example 2
             */
            early_stopping_patience?: number;
            /**
             * @description Whether the model gets the weights of the epoch with the lowest validation loss. Default: with early stopping.
             * @example true
             */
            keep_best?: boolean;
            /**
             * @description Absolute learning rate, instead of a multiplier. Like all following fields, not in OpenAI's API.
             * @example 0.0005
             */
            learning_rate?: number;
            /**
             * @description Factor on the learning rate that the server would choose.
             * @default auto
             * @example auto
             */
            learning_rate_multiplier?: "auto" | number;
            /**
             * @description Scale of the LoRA: alpha / rank.
             * @default 32
             * @example 32
             */
            lora_alpha?: number;
            /**
             * @description Probability of dropping an input of the A matrices while training.
             * @default 0
             * @example 0
             */
            lora_dropout?: number;
            /**
             * @description Rank of the LoRA.
             * @default 16
             * @example 16
             */
            lora_rank?: number;
            /**
             * @description Learning rate after the warm-up: constant, or falling to 0 linearly or along half a cosine.
             * @default linear
             * @example linear
             * @enum {string}
             */
            lr_schedule?: "constant" | "cosine" | "linear";
            /**
             * @description Cap on the norm of a step's gradient; 0 = no cap.
             * @default 0
             * @example 1
             */
            max_grad_norm?: number;
            /**
             * @description Passes over the training rows.
             * @default auto
             * @example 3
             */
            n_epochs?: "auto" | number;
            /**
             * @description Linears with LoRA. Default: all of the decoder layers, without experts.
             * @example [
             *       "q_proj",
             *       "v_proj"
             *     ]
             */
            target_modules?: ("down_proj" | "gate_proj" | "gate_up_proj" | "k_proj" | "lm_head" | "o_proj" | "q_proj" | "qkv_proj" | "up_proj" | "v_proj")[] | "all-linear";
            /**
             * @description Whether rows that exceed the model's context are cut; otherwise they are refused.
             * @default false
             * @example false
             */
            truncate?: boolean;
            /**
             * @description Share of the training file's rows to hold out for validation.
             * @example 0.1
             */
            validation_split?: number;
            /**
             * @description Share of all steps over which the learning rate rises from 0.
             * @example 0.1
             */
            warmup_ratio?: number;
            /**
             * @description Steps over which the learning rate rises from 0.
             * @default 0
             * @example 0
             */
            warmup_steps?: number;
            /**
             * @description Weight decay of AdamW.
             * @default 0.01
             * @example 0.01
             */
            weight_decay?: number;
        };
        InputDefinitionDto: {
            /**
             * @description Value of every number if a request omits the input; without a default, the input is required.
             * @example 1
             */
            default?: number;
            /**
             * @description Description; at most 2000 characters.
             * @example Id of the pair that the datum belongs to
             */
            description?: string;
            /**
             * @description 'token' = one number per target token, 'datum' = one for the whole datum.
             * @default token
             * @example datum
             * @enum {string}
             */
            per?: "datum" | "token";
        };
        InputJsonDeltaDto: {
            /**
             * @description The next piece of the arguments, as JSON.
             * @example {\city\: \Berlin\}
             */
            partial_json: string;
            /**
             * @description Kind of the piece.
             * @example input_json_delta
             * @enum {string}
             */
            type: "input_json_delta";
        };
        JobCheckpointDto: {
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created_at: number;
            /**
             * @description Model name for sampling from the checkpoint.
             * @example tinker://ft:tiny-chat:support:3y5q0w4v7m/sampler_weights/epoch-3
             */
            fine_tuned_model_checkpoint: string;
            /**
             * @description Id of the job.
             * @example ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            fine_tuning_job_id: string;
            /**
             * @description Id of the checkpoint.
             * @example ftckpt-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC-3
             */
            id: string;
            /** @description Metrics of the epoch; for DPO also the rewards over the validation rows. */
            metrics: {
                [key: string]: number;
            } & components["schemas"]["JobCheckpointMetricsDto"];
            /**
             * @description Kind of the object.
             * @example fine_tuning.job.checkpoint
             * @enum {string}
             */
            object: "fine_tuning.job.checkpoint";
            /**
             * @description Number of the last step before the checkpoint.
             * @example 300
             */
            step_number: number;
        };
        JobCheckpointListDto: {
            /** @description Newest first. */
            data: components["schemas"]["JobCheckpointDto"][];
            /**
             * @description Id of the first checkpoint of the page; null if it is empty.
             * @example ftckpt-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC-3
             */
            first_id: string | null;
            /**
             * @description Whether more follow.
             * @example false
             */
            has_more: boolean;
            /**
             * @description Id of the last checkpoint of the page, for `after`; null if it is empty.
             * @example ftckpt-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC-3
             */
            last_id: string | null;
            /**
             * @description Kind of the object.
             * @example list
             * @enum {string}
             */
            object: "list";
        };
        JobCheckpointMetricsDto: {
            /**
             * @description Loss over all validation rows, if there are any, under the name that OpenAI's clients read.
             * @example 0.9
             */
            full_valid_loss?: number;
            /**
             * @description Number of the last step before the checkpoint.
             * @example 300
             */
            step?: number;
            /**
             * @description Mean loss of the epoch's steps.
             * @example 0.8
             */
            train_loss?: number;
            /**
             * @description Loss over all validation rows, if there are any.
             * @example 0.9
             */
            valid_loss?: number;
        };
        JobDto: {
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created_at: number;
            /** @description Failure of the job; null otherwise. */
            error: components["schemas"]["JobErrorDto"] | null;
            /**
             * @description Estimated time of the end, in seconds since 1970; null while unknown.
             * @example 1795910700
             */
            estimated_finish: number | null;
            /**
             * @description Name of the fine-tuned model; null until the job has succeeded.
             * @example ft:tiny-chat:support:3y5q0w4v7m
             */
            fine_tuned_model: string | null;
            /**
             * @description Time of the end, in seconds since 1970; null before.
             * @example null
             */
            finished_at: number | null;
            /** @description Epochs, batch size and learning-rate multiplier, in the former format of OpenAI's API. */
            hyperparameters: components["schemas"]["JobHyperparametersDto"];
            /**
             * @description Id of the job.
             * @example ftjob-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description Always empty.
             * @example []
             */
            integrations: Record<string, unknown>[];
            /**
             * @description Texts that the client stored with the job.
             * @example {
             *       "team": "support"
             *     }
             */
            metadata: {
                [key: string]: string;
            } | null;
            /** @description Method of training, with all hyper-parameters. */
            method: components["schemas"]["MethodDto"];
            /**
             * @description Base model.
             * @example tiny-chat
             */
            model: string;
            /**
             * @description Kind of the object.
             * @example fine_tuning.job
             * @enum {string}
             */
            object: "fine_tuning.job";
            /**
             * @description Always empty.
             * @example
             */
            organization_id: string;
            /**
             * @description Id of the CSV file with the metrics, once the job has succeeded.
             * @example []
             */
            result_files: string[];
            /**
             * @description Seed of the order of rows, the initial weights and dropout.
             * @example 42
             */
            seed: number;
            /**
             * @description State of the job.
             * @example running
             * @enum {string}
             */
            status: "cancelled" | "failed" | "paused" | "queued" | "running" | "succeeded" | "validating_files";
            /**
             * @description Tokens that went through forward and backward passes so far.
             * @example 12000
             */
            trained_tokens: number | null;
            /**
             * @description Id of the training file.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            training_file: string;
            /**
             * @description Id of the validation file.
             * @example null
             */
            validation_file: string | null;
        };
        JobErrorDto: {
            /**
             * @description Machine-readable code of the failure.
             * @example invalid_training_file
             */
            code: string;
            /**
             * @description Description of the failure.
             * @example line 12 of chats.jsonl is 600 tokens long
             */
            message: string;
            /**
             * @description Field of the request that caused the failure.
             * @example training_file
             */
            param: string | null;
        };
        JobEventDto: {
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created_at: number;
            /**
             * @description Metrics, or details of the message.
             * @example {
             *       "step": 12,
             *       "total_steps": 300,
             *       "train_loss": 1.2041
             *     }
             */
            data: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Id of the event.
             * @example ftevent-120
             */
            id: string;
            /**
             * @description Severity of the event.
             * @example info
             * @enum {string}
             */
            level: "error" | "info" | "warn";
            /**
             * @description Text of the event.
             * @example Step 12/300: training loss=1.2041
             */
            message: string;
            /**
             * @description Kind of the object.
             * @example fine_tuning.job.event
             * @enum {string}
             */
            object: "fine_tuning.job.event";
            /**
             * @description Whether `data` holds metrics.
             * @example metrics
             * @enum {string}
             */
            type: "message" | "metrics";
        };
        JobEventListDto: {
            /** @description Newest first. */
            data: components["schemas"]["JobEventDto"][];
            /**
             * @description Whether more follow.
             * @example false
             */
            has_more: boolean;
            /**
             * @description Kind of the object.
             * @example list
             * @enum {string}
             */
            object: "list";
        };
        JobHyperparametersDto: {
            /**
             * @description Rows per step.
             * @example 4
             */
            batch_size: number;
            /**
             * @description Learning rate as a multiple of the one that the server would choose.
             * @example 1
             */
            learning_rate_multiplier: number;
            /**
             * @description Passes over the training rows.
             * @example 3
             */
            n_epochs: number;
        };
        JobListDto: {
            /** @description Newest first. */
            data: components["schemas"]["JobDto"][];
            /**
             * @description Whether more follow.
             * @example false
             */
            has_more: boolean;
            /**
             * @description Kind of the object.
             * @example list
             * @enum {string}
             */
            object: "list";
        };
        JobMetricsDto: {
            /** @description Oldest first. */
            data: components["schemas"]["JobMetricsRowDto"][];
            /**
             * @description Whether more rows follow.
             * @example false
             */
            has_more: boolean;
            /**
             * @description Kind of the object.
             * @example list
             * @enum {string}
             */
            object: "list";
        };
        JobMetricsRowDto: {
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created_at: number;
            /**
             * @description Number of the epoch, counted from 1.
             * @example 1
             */
            epoch: number;
            /**
             * @description The value of `valid_loss`, under the name that checkpoints use; epochs only.
             * @example 1.31
             */
            full_valid_loss?: number;
            /**
             * @description Norm of the gradient before the cap; steps only.
             * @example 0.7
             */
            grad_norm?: number;
            /**
             * @description Number of the row, ascending; the position for `after` and Last-Event-ID.
             * @example 120
             */
            id: number;
            /**
             * @description Whether the row describes a step or an epoch.
             * @example step
             * @enum {string}
             */
            kind: "epoch" | "step";
            /**
             * @description Learning rate of the step; steps only.
             * @example 0.0005
             */
            learning_rate?: number;
            /**
             * @description Number of the step, or of the last step of the epoch.
             * @example 12
             */
            step: number;
            /**
             * @description Tokens of the batch; steps only.
             * @example 180
             */
            tokens?: number;
            /**
             * @description Steps of the whole job.
             * @example 300
             */
            total_steps: number;
            /**
             * @description Loss of the step's batch, or its mean over the epoch.
             * @example 1.2041
             */
            train_loss?: number;
            /**
             * @description Loss over all validation rows; epochs only.
             * @example 1.31
             */
            valid_loss?: number;
        };
        JobStatusEventDto: {
            /**
             * @description State of the job.
             * @example running
             * @enum {string}
             */
            status: "cancelled" | "failed" | "paused" | "queued" | "running" | "succeeded" | "validating_files";
        };
        LimitUseDto: {
            /**
             * @description What the key may use.
             * @example 60
             */
            limit: number;
            /**
             * @description Name of the limit.
             * @example requests_per_minute
             */
            name: string;
            /**
             * @description What is left of it.
             * @example 48
             */
            remaining: number;
            /**
             * @description When `used` returns to 0; null for limits on what exists at a time.
             * @example 2026-11-23T10:16:00.000Z
             */
            resets_at: string | null;
            /**
             * @description What is used of it.
             * @example 12
             */
            used: number;
        };
        LivenessDto: {
            /**
             * @description Role of this process: 'all', 'api' or 'worker'.
             * @example all
             */
            role: string;
            /**
             * @description Always ok.
             * @example ok
             * @enum {string}
             */
            status: "ok";
            /**
             * @description Seconds since the process started.
             * @example 42
             */
            uptime_s: number;
            /**
             * @description Version of the service.
             * @example 0.1.0
             */
            version: string;
        };
        LoadWeightsDto: {
            /**
             * @description Name of the adapter to load into.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Name of one of this adapter's checkpoints.
             * @example step-10
             */
            name?: string;
            /**
             * @description Whether to restore moments and step as well; false resets the optimiser.
             * @default true
             * @example true
             */
            optimizer?: boolean;
            /**
             * @description Path of a checkpoint, which may belong to another adapter, or a name.
             * @example tinker://my-model/weights/step-10
             */
            path?: string;
            /**
             * @description Your number of this request; a repeat with the same number returns the same future.
             * @example 4
             */
            seq_id?: number;
        };
        LogprobsDto: {
            /**
             * @description Log-probs, row by row; null if not computed.
             * @example [
             *       null,
             *       -0.7,
             *       -1.3
             *     ]
             */
            data: (number | null)[];
            /**
             * @description Always.
             * @example float32
             * @enum {string}
             */
            dtype: "float32";
            /**
             * @description [N], or [N, K] for K targets per position.
             * @example [
             *       3
             *     ]
             */
            shape: number[];
        };
        LoraConfigDto: {
            /**
             * @description Scale: B A x is multiplied by alpha / rank.
             * @default 32
             * @example 32
             */
            alpha?: number;
            /**
             * @description Probability of dropping an input of the A matrices while training.
             * @default 0
             * @example 0.05
             */
            dropout?: number;
            /**
             * @description PEFT's name for alpha.
             * @example 32
             */
            lora_alpha?: number;
            /**
             * @description PEFT's name for dropout.
             * @example 0.05
             */
            lora_dropout?: number;
            /**
             * @description PEFT's name for rank.
             * @example 16
             */
            r?: number;
            /**
             * @description Rank of the low-rank matrices.
             * @default 16
             * @example 16
             */
            rank?: number;
            /**
             * @description Seed of the initial matrices and the dropout masks: any integer, or a string of its digits.
             * @default 0
             * @example 42
             */
            seed?: number | string;
            /**
             * @description Linears with LoRA, of those that the base model has (GET /get_server_capabilities lists them), or "all-linear" for all
             *     of every layer (never including lm_head; rejected for a mixture of experts, whose experts carry no LoRA). Default for
             *     models with a joint qkv_proj: ["qkv_proj"].
             * @default [
             *       "q_proj",
             *       "v_proj"
             *     ]
             * @example [
             *       "q_proj",
             *       "v_proj"
             *     ]
             */
            target_modules?: ("down_proj" | "gate_proj" | "gate_up_proj" | "k_proj" | "lm_head" | "o_proj" | "q_proj" | "qkv_proj" | "up_proj" | "v_proj")[] | "all-linear";
            /**
             * @description Rank-stabilised scaling: alpha / sqrt(rank) instead of alpha / rank.
             * @default false
             * @example false
             */
            use_rslora?: boolean;
        };
        LossConfigKeyDto: {
            /**
             * @description Default value.
             * @example 1.2
             */
            default: number;
            /**
             * @description Description.
             * @example Upper bound on the probability ratio.
             */
            description: string;
            /**
             * @description Maximum value; null if there is none.
             * @example null
             */
            max: number | null;
            /**
             * @description Minimum value; null if there is none.
             * @example 0
             */
            min: number | null;
            /**
             * @description Key in loss_fn_config.
             * @example clip_high_threshold
             */
            name: string;
        };
        LossDefinitionDto: {
            /**
             * @description Settings for loss_fn_config: the default, or an object that contains it; at most 64.
             * @example {
             *       "beta": {
             *         "default": 0.1,
             *         "min": 0
             *       }
             *     }
             */
            config?: {
                [key: string]: number | components["schemas"]["ConfigDefinitionDto"];
            };
            /**
             * @description What it is for; at most 2000 characters.
             * @example Direct Preference Optimization over pairs of datums
             */
            description?: string;
            /**
             * @description Inputs that are optional or per datum; at most 64. Other names in formulas are required per-token inputs.
             * @example {
             *       "weights": {
             *         "default": 1
             *       }
             *     }
             */
            inputs?: {
                [key: string]: components["schemas"]["InputDefinitionDto"];
            };
            /**
             * @description Named formulas, which later ones can use; at most 64.
             * @example {
             *       "log_ratio": "datum_sum(target_logprobs - reference_logprobs)"
             *     }
             */
            let?: {
                [key: string]: string;
            };
            /**
             * @description Formula of the loss, one number that depends on target_logprobs. A formula has at most 4096 characters.
             * @example -sum(weights * target_logprobs)
             */
            loss: string;
            /**
             * @description Condition that selects the tokens that count in sums and averages. Default: tokens whose weight is not 0.
             * @example weights != 0
             */
            mask?: string;
            /**
             * @description Formulas of metrics, by name; at most 32.
             * @example {
             *       "mean_nll": "mean(-target_logprobs)"
             *     }
             */
            metrics?: {
                [key: string]: string;
            };
            /**
             * @description Name for loss_fn: a letter, then letters, digits and underscores, at most 64; not the name of a built-in loss.
             * @example my_dpo
             */
            name: string;
        };
        LossDeletedDto: {
            /**
             * @description The loss.
             * @example my_dpo
             */
            name: string;
            /**
             * @description Always 'deleted'.
             * @example deleted
             */
            status: string;
            /**
             * @description Number of deleted versions.
             * @example 2
             */
            versions: number;
        };
        LossDetailsDto: {
            /** @description Keys of loss_fn_config. */
            config: components["schemas"]["LossConfigKeyDto"][];
            /** @description Formulas; null for a built-in loss. */
            definition: components["schemas"]["LossDefinitionDto"] | null;
            /**
             * @description Description of the loss.
             * @example Proximal Policy Optimization with clipping for RL
             */
            description: string;
            /** @description Inputs of the loss. */
            inputs: components["schemas"]["LossInputDto"][];
            /**
             * @description Value for loss_fn.
             * @example ppo
             */
            name: string;
            /**
             * @description Whether this loss of the server is hidden by one of yours, which you had registered under the same name earlier; it
             *     becomes available once you delete yours.
             * @example false
             */
            shadowed: boolean;
            /**
             * @description Newest version of your loss; null for a built-in loss.
             * @example null
             */
            version: number | null;
            /** @description All versions, newest first; empty for a built-in loss. */
            versions: components["schemas"]["LossVersionDto"][];
        };
        LossFunctionDto: {
            /** @description Keys of loss_fn_config. */
            config: components["schemas"]["LossConfigKeyDto"][];
            /**
             * @description Description of the loss.
             * @example Proximal Policy Optimization with clipping for RL
             */
            description: string;
            /** @description Inputs of the loss. */
            inputs: components["schemas"]["LossInputDto"][];
            /**
             * @description Value for loss_fn.
             * @example ppo
             */
            name: string;
            /**
             * @description Whether this loss of the server is hidden by one of yours, which you had registered under the same name earlier; it
             *     becomes available once you delete yours.
             * @example false
             */
            shadowed: boolean;
            /**
             * @description Newest version of your loss; null for a built-in loss.
             * @example null
             */
            version: number | null;
        };
        LossFunctionsDto: {
            /**
             * @description Values of loss_fn.
             * @example [
             *       "cross_entropy",
             *       "importance_sampling",
             *       "ppo",
             *       "cispo",
             *       "dro"
             *     ]
             */
            available_loss_functions: string[];
            /**
             * @description Description by name.
             * @example {
             *       "cross_entropy": "Standard supervised learning (negative log-likelihood)"
             *     }
             */
            descriptions: {
                [key: string]: string;
            };
            /** @description Everything about each loss. */
            losses: components["schemas"]["LossFunctionDto"][];
            /**
             * @description Pass it as `cursor` to get the next page; null on the last page.
             * @example null
             */
            next_cursor: string | null;
        };
        LossInputDto: {
            /**
             * @description Value of every number if the input is omitted; null if it is required or has another meaning.
             * @example null
             */
            default: number | null;
            /**
             * @description Description.
             * @example Advantage of each target.
             */
            description: string;
            /**
             * @description Type of the numbers: token ids or floats.
             * @example float
             * @enum {string}
             */
            dtype: "float" | "int";
            /**
             * @description Key in loss_fn_inputs.
             * @example advantages
             */
            name: string;
            /**
             * @description 'token' = one number per target token, 'datum' = one for the whole datum.
             * @example token
             * @enum {string}
             */
            per: "datum" | "token";
            /**
             * @description Whether a request must contain it; for conversations, target_tokens is filled in automatically.
             * @example true
             */
            required: boolean;
        };
        LossPreviewDto: {
            /**
             * @description Derivative of the loss with respect to every log-prob, per datum; for shape [N, K], row by row.
             * @example [
             *       [
             *         -1,
             *         -0.5
             *       ]
             *     ]
             */
            gradients: number[][];
            /**
             * @description Value of the loss.
             * @example 1.35
             */
            loss: number;
            /**
             * @description Metrics by name.
             * @example {
             *       "mean_nll": 0.9
             *     }
             */
            metrics: {
                [key: string]: number;
            };
        };
        LossRegisteredDto: {
            /** @description Keys of loss_fn_config. */
            config: components["schemas"]["LossConfigKeyDto"][];
            /**
             * @description Creation time of the version.
             * @example 2026-01-01T12:00:00.000Z
             */
            created_at: string;
            /** @description How the gradient was checked. */
            gradient_check: components["schemas"]["GradientCheckDto"];
            /** @description Inputs of the loss. */
            inputs: components["schemas"]["LossInputDto"][];
            /**
             * @description Value for loss_fn: the newest version.
             * @example my_dpo
             */
            name: string;
            /**
             * @description 1, 2, 3, ... under this name; `my_dpo@1` remains version 1. Registering the same definition again returns the same version.
             * @example 1
             */
            version: number;
            /**
             * @description Potential problems when the loss is used; empty if none were found.
             * @example []
             */
            warnings: string[];
        };
        LossVersionDto: {
            /**
             * @description Creation time.
             * @example 2026-01-01T12:00:00.000Z
             */
            created_at: string;
            /**
             * @description Number of the version.
             * @example 1
             */
            version: number;
        };
        MakeTrainingFileDto: {
            /**
             * @description Name of the file.
             * @default feedback.jsonl
             * @example feedback.jsonl
             */
            filename?: string;
            /**
             * @description `chat`: rows are conversations; `completion`: prompts that were sent as text, without a chat template, with their
             *     completions. Those are for `supervised`.
             * @default chat
             * @example chat
             * @enum {string}
             */
            kind?: "chat" | "completion";
            /**
             * @description Only those whose request had this in its `metadata`, as `name:text`.
             * @example team:support
             */
            metadata?: string;
            /**
             * @description `dpo`: pairs of a better and a worse answer; `supervised`: weighted answers.
             * @example dpo
             * @enum {string}
             */
            method: "dpo" | "supervised";
            /**
             * @description Only those of this model, by the name in the request.
             * @example my-alias
             */
            model?: string;
            /**
             * @description Only those from this time on, in ISO 8601.
             * @example 2026-01-01T12:00:00.000Z
             */
            since?: string;
            /**
             * @description Only those before this time, in ISO 8601.
             * @example 2026-02-01T12:00:00.000Z
             */
            until?: string;
        };
        MessageDeltaEventDto: {
            /** @description How the message ends. */
            delta: components["schemas"]["MessageEndDto"];
            /**
             * @description Kind of the event.
             * @example message_delta
             * @enum {string}
             */
            type: "message_delta";
            /** @description Numbers of tokens of the whole message. */
            usage: components["schemas"]["MessageTokensDto"];
        };
        MessageDto: {
            /**
             * @description Always null.
             * @example null
             */
            container: {
                [key: string]: unknown;
            } | null;
            /**
             * @description The answer: texts and tool calls; empty if there are neither.
             * @example [
             *       {
             *         "text": "Hi!",
             *         "type": "text"
             *       }
             *     ]
             */
            content: (components["schemas"]["TextBlockDto"] | components["schemas"]["ToolUseBlockDto"])[];
            /**
             * @description Always null.
             * @example null
             */
            diagnostics: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Contains the id of the operation.
             * @example msg_future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            id: string;
            /**
             * @description Name of the model in the request.
             * @example my-model
             */
            model: string;
            /**
             * @description The author.
             * @example assistant
             * @enum {string}
             */
            role: "assistant";
            /**
             * @description Always null.
             * @example null
             */
            stop_details: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Why the answer ends: an end token of the model (after calls of tools: `tool_use`), `max_tokens`, one of
             *     `stop_sequences`, or the end of the context.
             * @example end_turn
             * @enum {string|null}
             */
            stop_reason: "end_turn" | "max_tokens" | "model_context_window_exceeded" | "stop_sequence" | "tool_use" | null;
            /**
             * @description The one of `stop_sequences` that ended the answer.
             * @example null
             */
            stop_sequence: string | null;
            /**
             * @description Kind of the object.
             * @example message
             * @enum {string}
             */
            type: "message";
            /** @description Token counts. */
            usage: components["schemas"]["MessageUsageDto"];
        };
        MessageEndDto: {
            /**
             * @description Always null.
             * @example null
             */
            container: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Always null.
             * @example null
             */
            stop_details: {
                [key: string]: unknown;
            } | null;
            /**
             * @description As in the whole message.
             * @example end_turn
             * @enum {string}
             */
            stop_reason: "end_turn" | "max_tokens" | "model_context_window_exceeded" | "stop_sequence" | "tool_use";
            /**
             * @description As in the whole message.
             * @example null
             */
            stop_sequence: string | null;
        };
        MessagePromptDto: {
            /**
             * @description The conversation, rendered with the model's chat template. Consecutive messages of one role are one turn; a last
             *     message of the assistant is continued.
             * @example [
             *       {
             *         "content": "Hello",
             *         "role": "user"
             *       }
             *     ]
             */
            messages: Record<string, unknown>[];
            /**
             * @description Adapter, base model ("base" for the server's first one), or path of sampler weights
             *     (tinker://<model_id>/sampler_weights/<name>).
             * @example my-model
             */
            model: string;
            /**
             * @description `format` with a JSON schema: the answer is JSON that matches the schema. `effort` is ignored.
             * @example {
             *       "format": {
             *         "schema": {
             *           "properties": {
             *             "city": {
             *               "type": "string"
             *             }
             *           },
             *           "type": "object"
             *         },
             *         "type": "json_schema"
             *       }
             *     }
             */
            output_config?: {
                [key: string]: unknown;
            };
            /**
             * @description System prompt: a string, or a list of text blocks.
             * @example Answer in one sentence.
             */
            system?: string | Record<string, unknown>[];
            /**
             * @description Only {"type": "disabled"}.
             * @example {
             *       "type": "disabled"
             *     }
             */
            thinking?: {
                [key: string]: unknown;
            };
            /**
             * @description {"type": "auto"}, the default: the model decides whether to call tools; {"type": "any"}: it calls one at least;
             *     {"type": "tool", "name": "..."}: it calls that one; {"type": "none"}: it calls none. With
             *     `disable_parallel_tool_use: true` it calls one at most.
             * @example {
             *       "type": "auto"
             *     }
             */
            tool_choice?: {
                [key: string]: unknown;
            };
            /**
             * @description Functions that the model may call, for chat templates that support tools.
             * @example [
             *       {
             *         "input_schema": {
             *           "properties": {
             *             "city": {
             *               "type": "string"
             *             }
             *           },
             *           "type": "object"
             *         },
             *         "name": "weather"
             *       }
             *     ]
             */
            tools?: Record<string, unknown>[];
        };
        MessageRequestDto: {
            /**
             * @description Maximum number of tokens of the answer, which also ends at the end of the context.
             * @example 32
             */
            max_tokens: number;
            /**
             * @description The conversation, rendered with the model's chat template. Consecutive messages of one role are one turn; a last
             *     message of the assistant is continued.
             * @example [
             *       {
             *         "content": "Hello",
             *         "role": "user"
             *       }
             *     ]
             */
            messages: Record<string, unknown>[];
            /**
             * @description Kept with the request if it is captured: `user_id`, and other short texts.
             * @example {
             *       "user_id": "alice"
             *     }
             */
            metadata?: {
                [key: string]: unknown;
            };
            /**
             * @description Adapter, base model ("base" for the server's first one), or path of sampler weights
             *     (tinker://<model_id>/sampler_weights/<name>).
             * @example my-model
             */
            model: string;
            /**
             * @description `format` with a JSON schema: the answer is JSON that matches the schema. `effort` is ignored.
             * @example {
             *       "format": {
             *         "schema": {
             *           "properties": {
             *             "city": {
             *               "type": "string"
             *             }
             *           },
             *           "type": "object"
             *         },
             *         "type": "json_schema"
             *       }
             *     }
             */
            output_config?: {
                [key: string]: unknown;
            };
            /**
             * @description Up to 16 strings that end the answer; they are not part of it.
             * @example [
             *       "\n\nHuman:"
             *     ]
             */
            stop_sequences?: string[];
            /**
             * @description Stream the answer as server-sent events.
             * @default false
             * @example false
             */
            stream?: boolean;
            /**
             * @description System prompt: a string, or a list of text blocks.
             * @example Answer in one sentence.
             */
            system?: string | Record<string, unknown>[];
            /**
             * @description Sharpens the distribution below 1; 0 = greedy.
             * @default 1
             * @example 0.7
             */
            temperature?: number;
            /**
             * @description Only {"type": "disabled"}.
             * @example {
             *       "type": "disabled"
             *     }
             */
            thinking?: {
                [key: string]: unknown;
            };
            /**
             * @description {"type": "auto"}, the default: the model decides whether to call tools; {"type": "any"}: it calls one at least;
             *     {"type": "tool", "name": "..."}: it calls that one; {"type": "none"}: it calls none. With
             *     `disable_parallel_tool_use: true` it calls one at most.
             * @example {
             *       "type": "auto"
             *     }
             */
            tool_choice?: {
                [key: string]: unknown;
            };
            /**
             * @description Functions that the model may call, for chat templates that support tools.
             * @example [
             *       {
             *         "input_schema": {
             *           "properties": {
             *             "city": {
             *               "type": "string"
             *             }
             *           },
             *           "type": "object"
             *         },
             *         "name": "weather"
             *       }
             *     ]
             */
            tools?: Record<string, unknown>[];
            /**
             * @description Sample from the k most likely tokens; 0 = off.
             * @default 0
             * @example 0
             */
            top_k?: number;
            /**
             * @description Sample from the most likely tokens whose total probability reaches this value; 1 = off.
             * @default 1
             * @example 1
             */
            top_p?: number;
        };
        MessageStartEventDto: {
            /** @description The message, before anything of it is written. */
            message: components["schemas"]["MessageDto"];
            /**
             * @description Kind of the event.
             * @example message_start
             * @enum {string}
             */
            type: "message_start";
        };
        MessageStopEventDto: {
            /**
             * @description Kind of the event.
             * @example message_stop
             * @enum {string}
             */
            type: "message_stop";
        };
        MessageTokensDto: {
            /**
             * @description Always null: `input_tokens` counts all tokens of the prompt.
             * @example null
             */
            cache_creation_input_tokens: number | null;
            /**
             * @description Always null.
             * @example null
             */
            cache_read_input_tokens: number | null;
            /**
             * @description Tokens of the prompt.
             * @example 12
             */
            input_tokens: number;
            /**
             * @description Tokens of the answer.
             * @example 24
             */
            output_tokens: number;
            /**
             * @description Always null.
             * @example null
             */
            output_tokens_details: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Always null: the server does not run tools.
             * @example null
             */
            server_tool_use: {
                [key: string]: unknown;
            } | null;
        };
        MessageUsageDto: {
            /**
             * @description Always null.
             * @example null
             */
            cache_creation: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Always null: `input_tokens` counts all tokens of the prompt.
             * @example null
             */
            cache_creation_input_tokens: number | null;
            /**
             * @description Always null.
             * @example null
             */
            cache_read_input_tokens: number | null;
            /**
             * @description Always null.
             * @example null
             */
            inference_geo: string | null;
            /**
             * @description Tokens of the prompt.
             * @example 12
             */
            input_tokens: number;
            /**
             * @description Tokens of the answer.
             * @example 24
             */
            output_tokens: number;
            /**
             * @description Always null.
             * @example null
             */
            output_tokens_details: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Always null: the server does not run tools.
             * @example null
             */
            server_tool_use: {
                [key: string]: unknown;
            } | null;
            /**
             * @description Always null.
             * @example null
             */
            service_tier: string | null;
            /**
             * @description Always null.
             * @example null
             */
            speed: string | null;
        };
        MethodDto: {
            /** @description Settings of the method dpo. */
            dpo?: components["schemas"]["DpoMethodDto"];
            /** @description Settings of the method supervised. */
            supervised?: components["schemas"]["SupervisedMethodDto"];
            /**
             * @description Supervised training on answers, or direct preference optimisation.
             * @example supervised
             * @enum {string}
             */
            type: "dpo" | "supervised";
        };
        ModelDataDto: {
            /**
             * @description Model family.
             * @example llama
             */
            arch: string;
            /**
             * @description Name of the base model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            model_name: string;
            /**
             * @description Folder or id from which a Hugging Face tokenizer can be loaded.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            tokenizer_id: string;
        };
        ModelIdDto: {
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            model_id: string;
        };
        ModelInfoDto: {
            /**
             * @description False for a bare base model.
             * @example true
             */
            is_lora: boolean;
            /** @description LoRA settings. */
            lora_config?: components["schemas"]["AdapterLoraDto"];
            /**
             * @description Rank of the low-rank matrices.
             * @example 16
             */
            lora_rank?: number;
            /**
             * @description Context length in tokens.
             * @example 8192
             */
            max_context_length: number;
            /** @description The base model. */
            model_data: components["schemas"]["ModelDataDto"];
            /**
             * @description The requested name.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Name of the base model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            model_name: string;
            /**
             * @description Optimiser steps taken.
             * @example 12
             */
            step?: number;
            /**
             * @description Number of trainable parameters.
             * @example 921600
             */
            trainable_params?: number;
        };
        ModelInputDto: {
            /** @description Chunks, concatenated in order: N tokens in total. */
            chunks: components["schemas"]["TokenChunkDto"][];
        };
        MyKeyDto: {
            /**
             * @description Time from which on the key is refused; null if it does not expire.
             * @example 2030-01-31T00:00:00.000Z
             */
            expires_at: string | null;
            /**
             * @description Id of the key, which owns what it creates; empty on a server without keys.
             * @example key_0123456789abcdef
             */
            id: string;
            /** @description The limits of the key, and what is left of each. */
            limits: components["schemas"]["LimitUseDto"][];
            /**
             * @description Name of the key; null for one of the server's settings.
             * @example alice
             */
            name: string | null;
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
             * @description `made` by an operator, `configured` in the server's settings, or `none` on a server without keys.
             * @example made
             * @enum {string}
             */
            source: "configured" | "made" | "none";
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
        OpenAiModelDeletedDto: {
            /**
             * @description Always true.
             * @example true
             */
            deleted: boolean;
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            id: string;
            /**
             * @description Kind of the object.
             * @example model
             * @enum {string}
             */
            object: "model";
        };
        OpenAiModelDto: {
            /**
             * @description Seconds since 1970; for a base model, when the server started.
             * @example 1795910400
             */
            created: number;
            /**
             * @description Value for `model`.
             * @example my-model
             */
            id: string;
            /**
             * @description Context length in tokens.
             * @example 8192
             */
            max_model_len: number;
            /**
             * @description Kind of the object.
             * @example model
             * @enum {string}
             */
            object: "model";
            /**
             * @description `base` for a base model, `adapter` for one of your adapters, `alias` for one of your aliases.
             * @example adapter
             */
            owned_by: string;
            /**
             * @description The base model of an adapter, the target of an alias; null for a base model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            parent: string | null;
        };
        OpenAiModelListDto: {
            /** @description Base models, then your adapters, newest first. */
            data: components["schemas"]["OpenAiModelDto"][];
            /**
             * @description Kind of the object.
             * @example list
             * @enum {string}
             */
            object: "list";
        };
        OpenOperationDto: {
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
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description Seconds since it was accepted, or since it started.
             * @example 0.8
             */
            seconds: number;
        };
        OptimStepDto: {
            /**
             * @description AdamW settings of this step; they may change on every call.
             * @example {
             *       "learning_rate": 0.0005
             *     }
             */
            adam_params?: components["schemas"]["AdamParamsDto"];
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Your number of this request; a repeat with the same number returns the same future.
             * @example 2
             */
            seq_id?: number;
        };
        OverviewAdaptersDto: {
            /**
             * @description Adapters whose state a replay of the log did not reproduce.
             * @example 0
             */
            diverged: number;
            /**
             * @description Adapters that are in a worker's memory.
             * @example 3
             */
            resident: number;
            /**
             * @description Total number of adapters.
             * @example 12
             */
            total: number;
        };
        OverviewDto: {
            /** @description Counts of adapters. */
            adapters: components["schemas"]["OverviewAdaptersDto"];
            /**
             * @description Time at which these values were read.
             * @example 2026-11-23T10:15:30.000Z
             */
            at: string;
            /** @description Memory and disk. */
            memory: components["schemas"]["OverviewMemoryDto"];
            /** @description Pending and running operations. */
            queue: components["schemas"]["OverviewQueueDto"];
            /** @description Averages over at most the last 30 seconds; null in the first response of a process. */
            rates: components["schemas"]["OverviewRatesDto"] | null;
            /**
             * @description Whose operations and adapters are counted: `all` for operators, `own` for other keys.
             * @example own
             * @enum {string}
             */
            scope: "all" | "own";
            /** @description Workers that are alive. */
            workers: components["schemas"]["OverviewWorkerDto"][];
        };
        OverviewKindDto: {
            /**
             * @description Kind of operation.
             * @example forward_backward
             * @enum {string}
             */
            kind: "create_adapter" | "delete_adapter" | "forward" | "forward_backward" | "generate" | "load_weights" | "optim_step" | "rewind_adapter" | "save_weights" | "save_weights_external" | "save_weights_for_sampler" | "unload_adapter";
            /**
             * @description Number of pending operations.
             * @example 4
             */
            pending: number;
            /**
             * @description Number of running operations.
             * @example 1
             */
            running: number;
        };
        OverviewMemoryDto: {
            /**
             * @description Free space where checkpoints are stored, in MB; null if the store does not report it.
             * @example 51200
             */
            disk_free_mb: number | null;
            /**
             * @description Whether checkpoints can be written.
             * @example true
             */
            disk_writable: boolean;
            /**
             * @description Free memory of its machine, in MB.
             * @example 9210
             */
            free_mb: number;
            /**
             * @description Memory of the API process that responds, in MB; with ROLE=all, including its worker.
             * @example 812
             */
            process_mb: number;
            /**
             * @description Memory of its machine, in MB.
             * @example 16008
             */
            total_mb: number;
        };
        OverviewQueueDto: {
            /** @description The same by kind. */
            by_kind: components["schemas"]["OverviewKindDto"][];
            /**
             * @description Failed within the last 60 seconds.
             * @example 0
             */
            failed_last_minute: number;
            /** @description The oldest running operations, at most eight. */
            in_progress: components["schemas"]["OpenOperationDto"][];
            /**
             * @description Seconds that the oldest pending operation has waited; null if there is none.
             * @example 1.7
             */
            oldest_pending_s: number | null;
            /**
             * @description Number of pending operations.
             * @example 4
             */
            pending: number;
            /**
             * @description Number of running operations.
             * @example 1
             */
            running: number;
            /**
             * @description Completed or failed within the last 60 seconds.
             * @example 42
             */
            settled_last_minute: number;
            /**
             * @description Why no operation starts at the moment: no worker is alive, or an operator has paused the queue; null otherwise.
             * @example null
             */
            standstill: string | null;
            /** @description The oldest pending operations, at most eight. */
            waiting: components["schemas"]["WaitingOperationDto"][];
        };
        OverviewRatesDto: {
            /**
             * @description Tokens of prompts per second.
             * @example 310
             */
            prompt_tokens_per_s: number;
            /**
             * @description Tokens sampled per second.
             * @example 85.2
             */
            sampled_tokens_per_s: number;
            /**
             * @description Tokens trained per second.
             * @example 1200.5
             */
            trained_tokens_per_s: number;
        };
        OverviewWorkerDto: {
            /**
             * @description Adapters that it holds in memory; null for keys that are not operators.
             * @example 3
             */
            adapters: number | null;
            /**
             * @description Names of its base models.
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
             * @description Whether an operator is draining it: it starts no more operations.
             * @example false
             */
            draining: boolean;
            /**
             * @description Engine that runs the models.
             * @example onnxruntime
             */
            engine: string;
            /**
             * @description Name of its machine; null for keys that are not operators.
             * @example gpu-1
             */
            hostname: string | null;
            /**
             * @description Id of the worker, which is new at every start of its process.
             * @example worker_01JD8Z5R0N8M1T3S6Y9K2H4B7A
             */
            id: string;
            /** @description Memory as of the worker's latest heartbeat; null for keys that are not operators. */
            memory: components["schemas"]["WorkerMemoryDto"] | null;
            /**
             * @description Processes of the engine.
             * @example 1
             */
            ranks: number;
            /**
             * @description When its process started.
             * @example 2026-11-23T10:00:00.000Z
             */
            started_at: string;
        };
        PendingFutureDto: {
            /**
             * @description Time of acceptance.
             * @example 2026-11-23T10:15:30.000Z
             */
            created_at: string;
            /**
             * @description The adapter or base model.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Number of requests ahead of it; 0 if it is running.
             * @example 2
             */
            queue_position: number;
            /**
             * @description 'active' = requests are being processed; 'paused_capacity' = they are, but very many are pending; 'no_worker' = no
             *     worker is alive; 'paused' = the operator has paused the queue.
             * @example active
             * @enum {string}
             */
            queue_state: "active" | "no_worker" | "paused" | "paused_capacity";
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description 'pending' = waiting for its adapter's earlier requests or a worker, 'running' = being computed.
             * @example pending
             * @enum {string}
             */
            status: "pending" | "running";
        };
        PingEventDto: {
            /**
             * @description Kind of the event, which may come at any time and only keeps the connection open.
             * @example ping
             * @enum {string}
             */
            type: "ping";
        };
        PreviewDatumDto: {
            /**
             * @description Inputs of the loss by name: one number per target, or one for the datum. target_tokens default to 0; a formula loss
             *     that uses them needs them.
             * @example {
             *       "weights": [
             *         1,
             *         0.5
             *       ]
             *     }
             */
            loss_fn_inputs?: {
                [key: string]: number[] | {
                    /**
                     * @example [
                     *       -1.2,
                     *       -0.3,
                     *       -2,
                     *       -1
                     *     ]
                     */
                    data: number[];
                    /**
                     * @example [
                     *       2,
                     *       2
                     *     ]
                     */
                    shape: number[];
                };
            };
            /**
             * @description Log-probs of the targets: N, or N times K with a shape.
             * @example [
             *       -1.2,
             *       -0.3
             *     ]
             */
            target_logprobs: number[] | {
                /**
                 * @example [
                 *       -1.2,
                 *       -0.3,
                 *       -2,
                 *       -1
                 *     ]
                 */
                data: number[];
                /**
                 * @example [
                 *       2,
                 *       2
                 *     ]
                 */
                shape: number[];
            };
        };
        PreviewLossDto: {
            /** @description Datums; at most 4096 log-probs in total. */
            data: components["schemas"]["PreviewDatumDto"][];
            /** @description Definition of an unregistered loss to preview. */
            definition?: components["schemas"]["LossDefinitionDto"];
            /**
             * @description Loss to preview: built-in or your own. Pass either this or `definition`.
             * @example cross_entropy
             */
            loss_fn?: string;
            /**
             * @description Settings of the loss by name.
             * @default {}
             * @example {}
             */
            loss_fn_config?: {
                [key: string]: number;
            };
        };
        PromotionDto: {
            /** @description How the two targets are compared. PUT /aliases/{alias} sets one without a comparison. */
            eval: components["schemas"]["PromotionEvalDto"];
            /**
             * @description Name of an adapter or a base model, or path of sampler weights.
             * @example my-model
             */
            target: string;
        };
        PromotionEvalDto: {
            /**
             * @description Id of an uploaded file whose answers are scored: chats, or prompts and completions; at most 1000 rows.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            file: string;
            /**
             * @description Maximum by which the mean loss per token may exceed that of the current target.
             * @default 0
             * @example 0
             */
            tolerance?: number;
        };
        PromptCompletionDto: {
            /**
             * @description Text that follows immediately; it ends with the model's end token.
             * @example a time
             */
            completion: string;
            /**
             * @description Text before the completion; no chat template is put around it.
             * @example Once upon
             */
            prompt: string;
        };
        PushAdapterDto: {
            /**
             * @description A checkpoint of the adapter, `weights/<name>` or `sampler_weights/<name>`. Default: the adapter as it is.
             * @example weights/step-10
             */
            checkpoint?: string;
            /**
             * @description `peft`: the adapter as PEFT saves it. `merged`: the base model's folder with the adapter merged into its weights. `gguf`:
             *     the merged model for llama.cpp and Ollama. `gguf-adapter`: the adapter alone for llama.cpp and Ollama.
             * @default peft
             * @example peft
             * @enum {string}
             */
            format?: "gguf" | "gguf-adapter" | "merged" | "peft";
            /**
             * @description Type of the weights in GGUF, with format=gguf only.
             * @default f16
             * @example q8_0
             * @enum {string}
             */
            outtype?: "f16" | "f32" | "q8_0";
            /**
             * @description Whether a new repository is private. An existing one is not changed.
             * @default true
             * @example true
             */
            private?: boolean;
            /**
             * @description Model repository on the hub, `owner/name`. It is created if it does not exist.
             * @example alice/my-model
             */
            repo: string;
            /**
             * @description Your access token for the hub, with write permission. It is used for this push only, and neither logged nor stored.
             * @example hf_...
             */
            token: string;
        };
        PushedDto: {
            /**
             * @description Hash of the commit.
             * @example 0123456789abcdef0123456789abcdef01234567
             */
            commit: string;
            /**
             * @description Files that were written.
             * @example [
             *       "adapter_config.json",
             *       "adapter_model.safetensors",
             *       "README.md"
             *     ]
             */
            files: string[];
            /**
             * @description Repository that was written to.
             * @example alice/my-model
             */
            repo: string;
            /**
             * @description URL of its page.
             * @example https://huggingface.co/alice/my-model
             */
            url: string;
        };
        RankMemoryDto: {
            /**
             * @description GPU memory that the rank has reserved, in MB; null on a CPU.
             * @example 20480
             */
            gpu_held_mb: number | null;
            /**
             * @description Total memory of the rank's GPU, in MB; null on a CPU.
             * @example 81559
             */
            gpu_total_mb: number | null;
            /**
             * @description Host name of the rank's machine.
             * @example gpu-1
             */
            host: string;
            /**
             * @description Resident memory of the rank's process, in MB.
             * @example 3120
             */
            process_mb: number;
            /**
             * @description Number of the rank.
             * @example 0
             */
            rank: number;
        };
        ReadinessDto: {
            /**
             * @description Status and details of each check.
             * @example {
             *       "database": {
             *         "status": "up"
             *       },
             *       "queue": {
             *         "driver": "in-process",
             *         "status": "up"
             *       },
             *       "worker": {
             *         "alive": 1,
             *         "status": "up"
             *       }
             *     }
             */
            checks: {
                [key: string]: {
                    [key: string]: unknown;
                };
            };
            /**
             * @description 'ready' if requests can be computed, otherwise 'not_ready'.
             * @example ready
             * @enum {string}
             */
            status: "not_ready" | "ready";
        };
        ResultReferenceDto: {
            /**
             * @description JSON body.
             * @example {
             *       "request_id": "future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC"
             *     }
             */
            body: {
                [key: string]: string;
            };
            /**
             * @description HTTP method.
             * @example POST
             */
            method: string;
            /**
             * @description Path on this server.
             * @example /retrieve_future
             */
            path: string;
        };
        RetrieveFutureDto: {
            /**
             * @description The request_id returned for the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description Maximum time to wait until the request is settled, in milliseconds; 0 returns immediately.
             * @default 20000
             * @example 20000
             */
            wait_ms?: number;
        };
        RewindAcceptedDto: {
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Future of the rewind; its result contains step, digest and has_gradients.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RC
             */
            request_id: string;
            /**
             * @description The adapter returns to its state after this request.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            target_request_id: string;
        };
        RewindDto: {
            /**
             * @description Alternative to step: a completed request of the history, which may have been undone.
             * @example future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            request_id?: string;
            /**
             * @description Your number of this request; a repeat with the same number returns the same future.
             * @example 4
             */
            seq_id?: number;
            /**
             * @description Number of optimiser steps; 0 = the initial state.
             * @example 1
             */
            step?: number;
        };
        RotateSecretDto: {
            /**
             * @description Seconds for which the present secret stays valid: a day by default, at most a week. 0 ends it at once.
             * @default 86400
             * @example 86400
             */
            overlap_s?: number;
        };
        SaveForSamplerDto: {
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Name of the checkpoint. Default for sampler weights: generated.
             * @example step-10
             */
            name?: string;
            /**
             * @description Tinker's name for name.
             * @example step-10
             */
            path?: string;
            /**
             * @description Your number of this request; a repeat with the same number returns the same future.
             * @example 3
             */
            seq_id?: number;
            /**
             * @description Seconds until the checkpoint is deleted. Default: never.
             * @example 86400
             */
            ttl_seconds?: number;
        };
        SaveWeightsDto: {
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            model_id: string;
            /**
             * @description Name of the checkpoint. Default for sampler weights: generated.
             * @example step-10
             */
            name?: string;
            /**
             * @description Whether to replace an existing checkpoint of this name; otherwise the request is rejected.
             * @default false
             * @example false
             */
            overwrite?: boolean;
            /**
             * @description Tinker's name for name.
             * @example step-10
             */
            path?: string;
            /**
             * @description Your number of this request; a repeat with the same number returns the same future.
             * @example 3
             */
            seq_id?: number;
            /**
             * @description Seconds until the checkpoint is deleted. Default: never.
             * @example 86400
             */
            ttl_seconds?: number;
        };
        SessionDto: {
            /**
             * @description Whether the server requires API keys. If not, nobody needs to log in.
             * @example true
             */
            asks_for_key: boolean;
            /**
             * @description Whether the key is one of ADMIN_KEYS.
             * @example false
             */
            is_operator: boolean;
            /**
             * @description Id of the key, which owns what it creates; empty if no key is required.
             * @example key_0123456789abcdef
             */
            key_id: string;
            /**
             * @description Name of the key, if it has one.
             * @example alice
             */
            key_name: string | null;
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
             * @description Version of the service.
             * @example 0.1.0
             */
            version: string;
        };
        SessionEndedDto: {
            /**
             * @description Always "ended".
             * @example ended
             */
            status: string;
        };
        SetAliasDto: {
            /**
             * @description Name of an adapter or a base model, or path of sampler weights, which do not change any more.
             * @example my-model
             */
            target: string;
        };
        SettledEventDto: {
            /**
             * @description Whether settled operations may be missing from the events: read the lists again.
             * @example false
             */
            missed: boolean;
            /** @description Operations that have completed or failed, in the order of the log; empty if there are too many to list. */
            operations: components["schemas"]["FutureDto"][];
        };
        SkippedCapturesDto: {
            /**
             * @description Captures whose request already contained the beginning of the answer.
             * @example 0
             */
            continued_answer: number;
            /**
             * @description Captures whose feedback gives no row by this method.
             * @example 3
             */
            no_row: number;
            /**
             * @description Captures whose request was not a conversation.
             * @example 0
             */
            not_a_conversation: number;
            /**
             * @description Captures whose prompt was not sent as text, in a file of prompts and completions.
             * @example 0
             */
            not_a_text: number;
            /**
             * @description Captures whose answers have scores between 0 and 1, in a file of prompts and completions: those have no weights.
             * @example 0
             */
            partial_score: number;
        };
        StreamOptionsDto: {
            /**
             * @description Whether a last chunk contains the usage.
             * @default false
             * @example true
             */
            include_usage?: boolean;
        };
        SupervisedMethodDto: {
            /** @description Hyper-parameters; omitted ones are "auto". */
            hyperparameters?: components["schemas"]["HyperparametersDto"];
        };
        SupportedModelDto: {
            /**
             * @description Model family.
             * @example llama
             */
            arch: string;
            /**
             * @description Context length in tokens.
             * @example 8192
             */
            max_context_length: number;
            /**
             * @description Value for base_model.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            model_id: string;
            /**
             * @description Same as model_id.
             * @example HuggingFaceTB/SmolLM2-135M-Instruct
             */
            model_name: string;
            /**
             * @description Number of parameters.
             * @example 134515008
             */
            parameters: number;
            /**
             * @description Linears that can carry a LoRA: values for lora_config.target_modules.
             * @example [
             *       "q_proj",
             *       "k_proj",
             *       "v_proj",
             *       "o_proj",
             *       "lm_head"
             *     ]
             */
            target_modules: ("down_proj" | "gate_proj" | "gate_up_proj" | "k_proj" | "lm_head" | "o_proj" | "q_proj" | "qkv_proj" | "up_proj" | "v_proj")[];
            /**
             * @description Size of the vocabulary.
             * @example 49152
             */
            vocab_size: number;
        };
        TensorDto: {
            /**
             * @description The numbers, row by row.
             * @example [
             *       2,
             *       3,
             *       4
             *     ]
             */
            data: number[];
            /**
             * @description Type of the numbers.
             * @example int64
             * @enum {string}
             */
            dtype?: "float32" | "int32" | "int64";
            /**
             * @description [N], or [N, K] for K targets per position.
             * @example [
             *       3
             *     ]
             */
            shape?: number[];
        };
        TextBlockDto: {
            /**
             * @description Always null: citations are not supported.
             * @example null
             */
            citations: Record<string, unknown>[] | null;
            /**
             * @description The text.
             * @example Hi! How can I help you?
             */
            text: string;
            /**
             * @description Kind of the block.
             * @example text
             * @enum {string}
             */
            type: "text";
        };
        TextChoiceDto: {
            /**
             * @description `stop` = an end token or a stop string; `length` = the maximum number of tokens.
             * @example length
             * @enum {string}
             */
            finish_reason: "length" | "stop";
            /**
             * @description Number of the continuation: n for each prompt, in the order of the prompts.
             * @example 0
             */
            index: number;
            /**
             * @description Log-probs of its tokens, if requested.
             * @example null
             */
            logprobs: components["schemas"]["TextLogprobsDto"] | null;
            /**
             * @description The continuation, after the prompt with echo.
             * @example , there was a dog.
             */
            text: string;
        };
        TextChunkChoiceDto: {
            /**
             * @description Why the continuation ended; null until its last chunk.
             * @example null
             * @enum {string|null}
             */
            finish_reason: "length" | "stop" | null;
            /**
             * @description Number of the continuation, from 0.
             * @example 0
             */
            index: number;
            /**
             * @description Log-probs of all tokens of the continuation, if requested; in its last chunk.
             * @example null
             */
            logprobs: components["schemas"]["TextLogprobsDto"] | null;
            /**
             * @description The next piece of text.
             * @example , there
             */
            text: string;
        };
        TextCompletionChunkDto: {
            /** @description One choice; none in the chunk with the usage. */
            choices: components["schemas"]["TextChunkChoiceDto"][];
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created: number;
            /**
             * @description Contains the id of the request; the same in all chunks.
             * @example cmpl-future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            id: string;
            /**
             * @description Name of the model in the request.
             * @example my-model
             */
            model: string;
            /**
             * @description Kind of the object.
             * @example text_completion
             * @enum {string}
             */
            object: "text_completion";
            /**
             * @description With `stream_options.include_usage`: token counts in the last chunk, null before.
             * @example null
             */
            usage?: components["schemas"]["TokenUsageDto"] | null;
        };
        TextCompletionDto: {
            /** @description The continuations. */
            choices: components["schemas"]["TextChoiceDto"][];
            /**
             * @description Seconds since 1970.
             * @example 1795910400
             */
            created: number;
            /**
             * @description Contains the id of the request.
             * @example cmpl-future_01JD3V7QG4T0M5X2W8Z9K6N1RB
             */
            id: string;
            /**
             * @description Name of the model in the request.
             * @example my-model
             */
            model: string;
            /**
             * @description Kind of the object.
             * @example text_completion
             * @enum {string}
             */
            object: "text_completion";
            /** @description Numbers of tokens, over all prompts. */
            usage: components["schemas"]["TokenUsageDto"];
        };
        TextCompletionRequestDto: {
            /**
             * @description Return the prompt before its continuation, with its log-probs if there are any.
             * @default false
             * @example false
             */
            echo?: boolean;
            /**
             * @description Subtracted from the logit of a token for every time that it has been sampled.
             * @default 0
             * @example 0
             */
            frequency_penalty?: number;
            /**
             * @description Added to the logits of tokens: {"<token id>": -100 to 100}.
             * @example {}
             */
            logit_bias?: {
                [key: string]: number;
            };
            /**
             * @description Return the log-probs of the tokens, under the model's own distribution, and of this many most likely ones.
             * @example 1
             */
            logprobs?: number;
            /**
             * @description Maximum number of tokens to sample; 0 only with echo.
             * @default 16
             * @example 16
             */
            max_tokens?: number;
            /**
             * @description Kept with the request if it is captured: up to 16 short texts.
             * @example {
             *       "team": "support"
             *     }
             */
            metadata?: {
                [key: string]: string;
            } | null;
            /**
             * @description Minimum probability of a token relative to the most likely one; 0 = off. As in vLLM's API.
             * @default 0
             * @example 0
             */
            min_p?: number;
            /**
             * @description Adapter, base model ("base" for the server's first one), or path of sampler weights
             *     (tinker://<model_id>/sampler_weights/<name>).
             * @example my-model
             */
            model: string;
            /**
             * @description Number of answers.
             * @default 1
             * @example 1
             */
            n?: number;
            /**
             * @description Subtracted from the logit of a token that has been sampled.
             * @default 0
             * @example 0
             */
            presence_penalty?: number;
            /**
             * @description Text to continue, without a chat template: a string, token ids, or a list of up to 64 of either.
             * @example Once upon a time
             */
            prompt: string | string[] | number[] | number[][];
            /**
             * @description Makes tokens of the prompt and the answer so far less likely (above 1); 1 = off. As in vLLM's API.
             * @default 1
             * @example 1
             */
            repetition_penalty?: number;
            /**
             * @description The same request with the same seed gives the same answer.
             * @example 42
             */
            seed?: number | string;
            /**
             * @description Up to 16 strings that end an answer; they are not part of it. The model's own end tokens always end it.
             * @example [
             *       "\n\n"
             *     ]
             */
            stop?: string | string[];
            /**
             * @description Stream the answer as server-sent events, followed by `[DONE]`.
             * @default false
             * @example false
             */
            stream?: boolean;
            /**
             * @description Options of streams.
             * @example {
             *       "include_usage": true
             *     }
             */
            stream_options?: components["schemas"]["StreamOptionsDto"] | null;
            /**
             * @description Flattens (above 1) or sharpens (below 1) the distribution; 0 = greedy.
             * @default 1
             * @example 0.7
             */
            temperature?: number;
            /**
             * @description Sample from the k most likely tokens; 0 or -1 = off. Not in OpenAI's API; as in vLLM's.
             * @default 0
             * @example 0
             */
            top_k?: number;
            /**
             * @description Sample from the most likely tokens whose total probability reaches this value; 1 = off.
             * @default 1
             * @example 1
             */
            top_p?: number;
        };
        TextDeltaDto: {
            /**
             * @description The next piece of text.
             * @example Hi
             */
            text: string;
            /**
             * @description Kind of the piece.
             * @example text_delta
             * @enum {string}
             */
            type: "text_delta";
        };
        TextLogprobsDto: {
            /**
             * @description Where each token begins in the text.
             * @example [
             *       0,
             *       1
             *     ]
             */
            text_offset: number[];
            /**
             * @description Their log-probs under the model's own distribution; null for the first token of a prompt.
             * @example [
             *       -0.2,
             *       -1.5
             *     ]
             */
            token_logprobs: (number | null)[];
            /**
             * @description Texts of the tokens.
             * @example [
             *       ",",
             *       " there"
             *     ]
             */
            tokens: string[];
            /**
             * @description The most likely tokens per position with their log-probs; null for the first token of a prompt.
             * @example [
             *       {
             *         ",": -0.2
             *       },
             *       {
             *         " there": -1.5
             *       }
             *     ]
             */
            top_logprobs: ({
                [key: string]: number;
            } | null)[] | null;
        };
        TextPartDto: {
            /**
             * @description Text of the part.
             * @example Hello
             */
            text: string;
            /**
             * @description Type of the part; only text is supported.
             * @example text
             * @enum {string}
             */
            type: "text";
        };
        TokenChunkDto: {
            /**
             * @description Token ids of the base model.
             * @example [
             *       1,
             *       2,
             *       3
             *     ]
             */
            tokens: number[];
            /**
             * @description Type of the chunk; only text is supported.
             * @example encoded_text
             * @enum {string}
             */
            type: "encoded_text";
        };
        TokenCountDto: {
            /**
             * @description Number of tokens of the prompt.
             * @example 12
             */
            input_tokens: number;
        };
        TokenEventDto: {
            /**
             * @description Number of the sequence, from 0.
             * @example 0
             */
            index: number;
            /**
             * @description The next piece of text; empty while a character or a possible stop string is incomplete.
             * @example Hi
             */
            text: string;
            /**
             * @description The token; null for text that was held back until the end.
             * @example 19556
             */
            token: number | null;
        };
        TokenLogprobDto: {
            /**
             * @description Its bytes in UTF-8, possibly only part of a character; null if the tokenizer does not provide them.
             * @example [
             *       72,
             *       105
             *     ]
             */
            bytes: number[] | null;
            /**
             * @description Log-prob under the model's own distribution.
             * @example -0.25
             */
            logprob: number;
            /**
             * @description Text of the token.
             * @example Hi
             */
            token: string;
            /** @description The most likely tokens at this position. */
            top_logprobs: components["schemas"]["TopLogprobDto"][];
        };
        TokenUsageDto: {
            /**
             * @description Tokens of all answers together.
             * @example 24
             */
            completion_tokens: number;
            /**
             * @description Tokens of the prompt.
             * @example 12
             */
            prompt_tokens: number;
            /**
             * @description Sum of both.
             * @example 36
             */
            total_tokens: number;
        };
        ToolUseBlockDto: {
            /** @description Caller of the tool. */
            caller: components["schemas"]["DirectCallerDto"];
            /**
             * @description Id of this call, which its `tool_result` repeats.
             * @example toolu_0f3ac9d2b14e5a6778c1d2e3
             */
            id: string;
            /**
             * @description Its arguments.
             * @example {
             *       "city": "Berlin"
             *     }
             */
            input: {
                [key: string]: unknown;
            };
            /**
             * @description The tool.
             * @example weather
             */
            name: string;
            /**
             * @description Kind of the block.
             * @example tool_use
             * @enum {string}
             */
            type: "tool_use";
        };
        TopLogprobDto: {
            /**
             * @description Its bytes in UTF-8, possibly only part of a character; null if the tokenizer does not provide them.
             * @example [
             *       72,
             *       105
             *     ]
             */
            bytes: number[] | null;
            /**
             * @description Log-prob under the model's own distribution.
             * @example -0.25
             */
            logprob: number;
            /**
             * @description Text of the token.
             * @example Hi
             */
            token: string;
        };
        TrainingFileDto: {
            /**
             * @description Id of the file, for `training_file` of POST /v1/fine_tuning/jobs.
             * @example file-01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            file_id: string;
            /**
             * @description Name of the file.
             * @example feedback.jsonl
             */
            filename: string;
            /**
             * @description Its rows.
             * @example 20
             */
            rows: number;
            /** @description Captures with feedback that are not in the file, by the reason. */
            skipped: components["schemas"]["SkippedCapturesDto"];
        };
        TrainingSeriesDto: {
            /**
             * @description Number of steps from one point to the next.
             * @example 3
             */
            every: number;
            /**
             * @description When each step was completed.
             * @example [
             *       "2026-11-23T10:15:30.900Z",
             *       "2026-11-23T10:15:32.100Z"
             *     ]
             */
            finished_at: string[];
            /**
             * @description The loss function of the newest point, `name@version` for a formula loss; null if there is none.
             * @example cross_entropy
             */
            loss_fn: string | null;
            /**
             * @description Name of the adapter.
             * @example my-model
             */
            model_id: string;
            /**
             * @description By name of the metric, a number or null for each point. `loss` and counts are sums over the passes that the step
             *     applied, `loss_per_token` is the loss per token, and all others are means. `sampler_trainer_kl` measures how far the
             *     log-probs have drifted from those of the sampler, for losses that receive these.
             * @example {
             *       "grad_norm": [
             *         0.8,
             *         0.7
             *       ],
             *       "loss_per_token": [
             *         1.2,
             *         0.9
             *       ]
             *     }
             */
            series: {
                [key: string]: (number | null)[];
            };
            /**
             * @description Optimiser steps of the adapter, one per point, oldest first.
             * @example [
             *       1,
             *       2
             *     ]
             */
            steps: number[];
            /**
             * @description Number of steps in the requested range.
             * @example 1200
             */
            total_steps: number;
        };
        UploadFileDto: {
            /**
             * @description `created_at`, with `expires_after[seconds]`.
             * @example created_at
             * @enum {string}
             */
            "expires_after[anchor]"?: "created_at";
            /**
             * @description Seconds after which the file is deleted.
             * @example 86400
             */
            "expires_after[seconds]"?: number;
            /**
             * Format: binary
             * @description The file: JSONL, CSV or Parquet.
             * @example {"prompt": "1+1=", "completion": "2"}
             */
            file: Blob;
            /**
             * @description Purpose of the file.
             * @example fine-tune
             * @enum {string}
             */
            purpose: "fine-tune";
        };
        WaitingOperationDto: {
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
             * @description Why it is not running yet.
             * @example runs after 3 operations that were sent to its adapter before
             */
            reason: string;
            /**
             * @description Id of the request.
             * @example future_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            request_id: string;
            /**
             * @description Seconds since it was accepted, or since it started.
             * @example 0.8
             */
            seconds: number;
        };
        WebhookDeletedDto: {
            /**
             * @description Always true.
             * @example true
             */
            deleted: boolean;
            /**
             * @description Id of the webhook.
             * @example wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
        };
        WebhookDto: {
            /**
             * @description Time of creation.
             * @example 2026-11-23T10:15:30.000Z
             */
            created_at: string;
            /**
             * @description Your note.
             * @example pager
             */
            description: string | null;
            /**
             * @description Why it is disabled.
             * @example it answered 410 Gone
             */
            disabled_reason: string | null;
            /**
             * @description Events that are posted.
             * @example [
             *       "future.failed",
             *       "fine_tuning.job.succeeded"
             *     ]
             */
            events: ("fine_tuning.job.cancelled" | "fine_tuning.job.failed" | "fine_tuning.job.succeeded" | "future.completed" | "future.failed")[];
            /**
             * @description Time of the first failure since the last success.
             * @example 2026-11-23T10:15:30.000Z
             */
            failing_since: string | null;
            /**
             * @description Id of the webhook.
             * @example wh_01JD8Z6T9GZ3Y5Q0W4V7M2X1KC
             */
            id: string;
            /**
             * @description Until when deliveries are also signed with the secret before the present one; null when they are not.
             * @example 2026-11-24T10:15:30.000Z
             */
            previous_secret_expires_at: string | null;
            /**
             * @description A disabled webhook receives no events; a successful ping enables it again.
             * @example active
             * @enum {string}
             */
            status: "active" | "disabled";
            /**
             * @description URL that events are posted to.
             * @example https://example.com/hooks/thinker
             */
            url: string;
        };
        WebhookListDto: {
            /** @description Oldest first. */
            webhooks: components["schemas"]["WebhookDto"][];
        };
        WorkerMemoryDto: {
            /**
             * @description Free memory of the worker's machine, in MB.
             * @example 9210
             */
            free_mb: number;
            /**
             * @description Resident memory of the worker's process, in MB.
             * @example 812
             */
            process_mb: number;
            /** @description Torch ranks of the worker's engine, on any machine; empty for other engines. */
            ranks: components["schemas"]["RankMemoryDto"][];
            /**
             * @description Total memory of the worker's machine, in MB.
             * @example 16008
             */
            total_mb: number;
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
    Root_answer: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Name, version and links to the documentation. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiMapDto"];
                };
            };
        };
    };
    Adapters_list: {
        parameters: {
            query?: {
                /** @description Adapters per page. */
                limit?: number;
                /** @description `next_cursor` of the previous page. */
                cursor?: string;
                /** @description Only those whose name or base model contains this text, case-insensitively. */
                search?: string;
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
                    "application/json": components["schemas"]["AdapterListDto"];
                };
            };
        };
    };
    Adapters_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAdapterDto"];
            };
        };
        responses: {
            /** @description The adapter is created. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterCreatedDto"];
                };
            };
        };
    };
    AdapterFiles_import: {
        parameters: {
            query?: {
                /** @description Name of the new adapter. Default: generated. */
                model_id?: string;
                /** @description Base model of the adapter. Default: the one named in adapter_config.json. */
                base_model?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/gzip": Blob;
                "application/octet-stream": Blob;
                "application/x-tar": Blob;
                "multipart/form-data": {
                    /**
                     * Format: binary
                     * @description The tar archive.
                     */
                    file?: Blob;
                };
            };
        };
        responses: {
            /** @description The adapter is created. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterCreatedDto"];
                };
            };
        };
    };
    Adapters_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The adapter. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterDto"];
                };
            };
        };
    };
    Adapters_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The adapter is deleted; its memory and files are freed shortly. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterDeletedDto"];
                };
            };
        };
    };
    Checkpoints_list: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Training checkpoints and sampler weights, oldest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointListDto"];
                };
            };
        };
    };
    Checkpoints_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description What was saved: a training checkpoint, sampler weights, or files for other programs. */
                kind: "external_weights" | "sampler_weights" | "weights";
                /** @description Name of the adapter. */
                model_id: string;
                /** @description Name of the checkpoint. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The checkpoint is deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointDeletedDto"];
                };
            };
        };
    };
    Exports_export: {
        parameters: {
            query?: {
                /**
                 * @description `peft`: the adapter as PEFT saves it. `merged`: the base model's folder with the adapter merged into its weights. `gguf`:
                 *     the merged model for llama.cpp and Ollama. `gguf-adapter`: the adapter alone for llama.cpp and Ollama.
                 */
                format?: "gguf" | "gguf-adapter" | "merged" | "peft";
                /** @description Type of the weights in GGUF, with format=gguf only. */
                outtype?: "f16" | "f32" | "q8_0";
                /** @description A checkpoint of the adapter, `weights/<name>` or `sampler_weights/<name>`. Default: the adapter as it is. */
                checkpoint?: string;
            };
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The tar archive. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-tar": Blob;
                };
            };
        };
    };
    AdapterHistory_fork: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForkDto"];
            };
        };
        responses: {
            /** @description The new adapter is created. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForkedDto"];
                };
            };
        };
    };
    AdapterHistory_list: {
        parameters: {
            query?: {
                /** @description Entries per page. */
                limit?: number;
                /** @description `next_cursor` of the previous page. */
                cursor?: number;
            };
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
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
                    "application/json": components["schemas"]["HistoryDto"];
                };
            };
        };
    };
    TrainingSeries_read: {
        parameters: {
            query?: {
                /** @description Maximum number of points. If there are more steps, every n-th and the last one are returned. */
                points?: number;
                /** @description Only from this step on. */
                from_step?: number;
                /** @description Only up to this step. */
                to_step?: number;
            };
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The curves. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingSeriesDto"];
                };
            };
        };
    };
    Pushes_push: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PushAdapterDto"];
            };
        };
        responses: {
            /** @description The commit. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PushedDto"];
                };
            };
        };
    };
    AdapterHistory_rewind: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the adapter. */
                model_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RewindDto"];
            };
        };
        responses: {
            /** @description Accepted; POST /retrieve_future returns the result. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RewindAcceptedDto"];
                };
            };
        };
    };
    Adapters_addLora: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateAdapterDto"];
            };
        };
        responses: {
            /** @description The adapter is created. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterCreatedDto"];
                };
            };
        };
    };
    Aliases_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of your aliases. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasListDto"];
                };
            };
        };
    };
    Aliases_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the alias. */
                alias: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The alias and its history. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasWithHistoryDto"];
                };
            };
        };
    };
    Aliases_set: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the alias. */
                alias: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SetAliasDto"];
            };
        };
        responses: {
            /** @description The alias. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasDto"];
                };
            };
        };
    };
    Aliases_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the alias. */
                alias: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The alias and its history are deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasDeletedDto"];
                };
            };
        };
    };
    Promotions_promote: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the alias. */
                alias: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PromotionDto"];
            };
        };
        responses: {
            /** @description The alias. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasDto"];
                };
            };
        };
    };
    Aliases_rollBack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the alias. */
                alias: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The alias. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AliasDto"];
                };
            };
        };
    };
    TinkerFutures_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CancelDto"];
            };
        };
        responses: {
            /** @description The request is cancelled unless it was already settled. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    Session_describe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key of the session. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionDto"];
                };
            };
        };
    };
    Session_begin: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The session has begun; Set-Cookie contains it. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionDto"];
                };
            };
        };
    };
    Session_end: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cookie is deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SessionEndedDto"];
                };
            };
        };
    };
    Events_follow: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Events, as long as the connection lasts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["SettledEventDto"] | components["schemas"]["OverviewDto"];
                };
            };
        };
    };
    Futures_list: {
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
                    "application/json": components["schemas"]["FutureListDto"];
                };
            };
        };
    };
    Futures_get: {
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
                    "application/json": components["schemas"]["FutureDto"];
                };
            };
        };
    };
    FutureLife_cancel: {
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
            /** @description The request is cancelled. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FutureDto"];
                };
            };
            /** @description The worker was notified, but has not stopped yet; repeat the call. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FutureDto"];
                };
            };
        };
    };
    FutureLife_events: {
        parameters: {
            query?: never;
            header?: {
                /** @description Id of the last event that you received. */
                "Last-Event-ID"?: string;
            };
            path: {
                /** @description Id of the request. */
                request_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": components["schemas"]["FutureEventDto"] | components["schemas"]["FutureProgressDto"];
                };
            };
            /** @description The request is settled and Last-Event-ID names its last event. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    Training_forward: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForwardDto"];
            };
        };
        responses: {
            /** @description Accepted; POST /retrieve_future with the request_id returns the result. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedDto"];
                };
            };
        };
    };
    Training_forwardBackward: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForwardDto"];
            };
        };
        responses: {
            /** @description Accepted; POST /retrieve_future with the request_id returns the result. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedDto"];
                };
            };
        };
    };
    Generation_generate: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GenerateDto"];
            };
        };
        responses: {
            /** @description The completions. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GenerateResultDto"];
                    "text/event-stream": components["schemas"]["TokenEventDto"] | components["schemas"]["GenerateResultDto"] | components["schemas"]["ErrorDto"];
                };
            };
        };
    };
    Adapters_info: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelIdDto"];
            };
        };
        responses: {
            /** @description The adapter or base model. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelInfoDto"];
                };
            };
        };
    };
    Capabilities_describe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The capabilities. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CapabilitiesDto"];
                };
            };
        };
    };
    Health_live: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The process is alive. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LivenessDto"];
                };
            };
        };
    };
    OwnKey_describe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The key that the request was sent with. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MyKeyDto"];
                };
            };
        };
    };
    Losses_listLossFunctions: {
        parameters: {
            query?: {
                /** @description Only losses of the server (built in or plugins), or only those that you have registered. */
                origin?: "own" | "server";
                /** @description Only losses whose name contains this text, case-insensitively. */
                name?: string;
                /** @description Losses per page. Default: all. */
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
                    "application/json": components["schemas"]["LossFunctionsDto"];
                };
            };
        };
    };
    Checkpoints_load: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LoadWeightsDto"];
            };
        };
        responses: {
            /** @description Accepted; POST /retrieve_future with the request_id waits for completion. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointAcceptedDto"];
                };
            };
        };
    };
    Losses_list: {
        parameters: {
            query?: {
                /** @description Only losses of the server (built in or plugins), or only those that you have registered. */
                origin?: "own" | "server";
                /** @description Only losses whose name contains this text, case-insensitively. */
                name?: string;
                /** @description Losses per page. Default: all. */
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
                    "application/json": components["schemas"]["LossFunctionsDto"];
                };
            };
        };
    };
    Losses_register: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["LossDefinitionDto"];
            };
        };
        responses: {
            /** @description The loss is registered and can be used immediately. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LossRegisteredDto"];
                };
            };
        };
    };
    Losses_preview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewLossDto"];
            };
        };
        responses: {
            /** @description Value, gradient and metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LossPreviewDto"];
                };
            };
        };
    };
    Losses_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the loss, or name@version. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The loss. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LossDetailsDto"];
                };
            };
        };
    };
    Losses_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the loss. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The loss is deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LossDeletedDto"];
                };
            };
        };
    };
    Metrics_read: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/openmetrics-text": string;
                    "text/plain": string;
                };
            };
        };
    };
    Training_optimStep: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OptimStepDto"];
            };
        };
        responses: {
            /** @description Accepted; POST /retrieve_future with the request_id returns the result. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AcceptedDto"];
                };
            };
        };
    };
    Overview_get: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The overview. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OverviewDto"];
                };
            };
        };
    };
    Health_ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The service is ready. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReadinessDto"];
                };
            };
        };
    };
    Adapters_remove: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelIdDto"];
            };
        };
        responses: {
            /** @description The adapter is deleted; its memory and files are freed shortly. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AdapterDeletedDto"];
                };
            };
        };
    };
    Futures_retrieve: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RetrieveFutureDto"];
            };
        };
        responses: {
            /** @description Completed; the result depends on the kind of request. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CompletedCreateDto"] | components["schemas"]["CompletedDeleteDto"] | components["schemas"]["CompletedUnloadDto"] | components["schemas"]["CompletedForwardDto"] | components["schemas"]["CompletedOptimStepDto"] | components["schemas"]["CompletedGenerateDto"] | components["schemas"]["CompletedSaveDto"] | components["schemas"]["CompletedLoadDto"] | components["schemas"]["CompletedRewindDto"];
                };
            };
            /** @description Not settled within wait_ms; poll again. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PendingFutureDto"];
                };
            };
        };
    };
    Checkpoints_save: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveWeightsDto"];
            };
        };
        responses: {
            /** @description Accepted; POST /retrieve_future with the request_id waits for completion. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointAcceptedDto"];
                };
            };
        };
    };
    Checkpoints_saveForSampler: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SaveForSamplerDto"];
            };
        };
        responses: {
            /** @description Accepted; POST /retrieve_future with the request_id waits for completion. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CheckpointAcceptedDto"];
                };
            };
        };
    };
    Captures_list: {
        parameters: {
            query?: {
                /** @description Only those with feedback (`true`) or without (`false`). */
                has_feedback?: boolean;
                /** @description Captures per page. */
                limit?: number;
                /** @description `next_cursor` of the previous page. */
                cursor?: string;
                /** @description Only those of this model, by the name in the request. */
                model?: string;
                /** @description Only those whose request had this in its `metadata`, as `name:text`. */
                metadata?: string;
                /** @description Only those from this time on, in ISO 8601. */
                since?: string;
                /** @description Only those before this time, in ISO 8601. */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of captures, without their tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaptureListDto"];
                };
            };
        };
    };
    Captures_getSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The settings of this key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaptureSettingsDto"];
                };
            };
        };
    };
    Captures_changeSettings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangeCaptureSettingsDto"];
            };
        };
        responses: {
            /** @description The settings of this key. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaptureSettingsDto"];
                };
            };
        };
    };
    Captures_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the request, or of its answer (chatcmpl-..., cmpl-..., msg_...). */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The capture. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaptureWithTokensDto"];
                };
            };
        };
    };
    Captures_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the request, or of its answer (chatcmpl-..., cmpl-..., msg_...). */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The capture is deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CaptureDeletedDto"];
                };
            };
        };
    };
    ChatCompletions_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChatCompletionRequestDto"];
            };
        };
        responses: {
            /** @description The answers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ChatCompletionDto"];
                    "text/event-stream": components["schemas"]["ChatCompletionChunkDto"] | components["schemas"]["OpenAiErrorDto"];
                };
            };
        };
    };
    Completions_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TextCompletionRequestDto"];
            };
        };
        responses: {
            /** @description The continuations. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TextCompletionDto"];
                    "text/event-stream": components["schemas"]["TextCompletionChunkDto"] | components["schemas"]["OpenAiErrorDto"];
                };
            };
        };
    };
    Embeddings_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: never;
    };
    Feedback_give: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["GiveFeedbackDto"];
            };
        };
        responses: {
            /** @description All feedback on the answer. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GivenFeedbackDto"];
                };
            };
        };
    };
    Feedback_makeFile: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MakeTrainingFileDto"];
            };
        };
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrainingFileDto"];
                };
            };
        };
    };
    Files_list: {
        parameters: {
            query?: {
                /** @description Id of the last file of the previous page. */
                after?: string;
                /** @description Files per page. */
                limit?: number;
                /** @description Order by time of upload. */
                order?: "asc" | "desc";
                /** @description Only files with this purpose. */
                purpose?: string;
                /** @description Only files whose name contains this text, case-insensitively. Not in OpenAI's API. */
                search?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of files. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileListDto"];
                };
            };
        };
    };
    Files_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": components["schemas"]["UploadFileDto"];
            };
        };
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileDto"];
                };
            };
        };
    };
    Files_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the file. */
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileDto"];
                };
            };
        };
    };
    Files_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the file. */
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file is deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FileDeletedDto"];
                };
            };
        };
    };
    Files_content: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the file. */
                file_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The content. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": Blob;
                };
            };
        };
    };
    Jobs_list: {
        parameters: {
            query?: {
                /** @description Id of the last job of the previous page. */
                after?: string;
                /** @description Jobs per page. */
                limit?: number;
                /** @description Only jobs with these metadata: `metadata[team]=support`. */
                metadata?: {
                    [key: string]: string;
                };
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of jobs. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobListDto"];
                };
            };
        };
    };
    Jobs_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateJobDto"];
            };
        };
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobDto"];
                };
            };
        };
    };
    Jobs_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job. */
                fine_tuning_job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobDto"];
                };
            };
        };
    };
    Jobs_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job. */
                fine_tuning_job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cancelled job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobDto"];
                };
            };
        };
    };
    Jobs_checkpoints: {
        parameters: {
            query?: {
                /** @description Id of the last checkpoint of the previous page. */
                after?: string;
                /** @description Checkpoints per page. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the job. */
                fine_tuning_job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of checkpoints. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobCheckpointListDto"];
                };
            };
        };
    };
    Jobs_events: {
        parameters: {
            query?: {
                /** @description Id of the last event of the previous page. */
                after?: string;
                /** @description Events per page. */
                limit?: number;
            };
            header?: never;
            path: {
                /** @description Id of the job. */
                fine_tuning_job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of events. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobEventListDto"];
                };
            };
        };
    };
    JobMetrics_get: {
        parameters: {
            query?: {
                /** @description Id of the last row already read. */
                after?: number;
                /** @description Maximum number of rows of a JSON answer; CSV contains all rows. */
                limit?: number;
            };
            header?: {
                /** @description For streams: id of the last row that you received. */
                "Last-Event-ID"?: string;
            };
            path: {
                /** @description Id of the job. */
                fine_tuning_job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The metrics. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobMetricsDto"];
                    "text/csv": string;
                    "text/event-stream": components["schemas"]["JobMetricsRowDto"] | components["schemas"]["JobStatusEventDto"];
                };
            };
        };
    };
    Jobs_pause: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job. */
                fine_tuning_job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The paused job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobDto"];
                };
            };
        };
    };
    Jobs_resume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the job. */
                fine_tuning_job_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobDto"];
                };
            };
        };
    };
    Messages_create: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description Milliseconds from the arrival of the request after which its work is cancelled: operations that have not begun never run, and running samples stop.
                 * @example 30000
                 */
                "X-Timeout-Ms"?: number;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MessageRequestDto"];
            };
        };
        responses: {
            /** @description The message. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MessageDto"];
                    "text/event-stream": components["schemas"]["MessageStartEventDto"] | components["schemas"]["PingEventDto"] | components["schemas"]["BlockStartEventDto"] | components["schemas"]["BlockDeltaEventDto"] | components["schemas"]["BlockStopEventDto"] | components["schemas"]["MessageDeltaEventDto"] | components["schemas"]["MessageStopEventDto"] | components["schemas"]["AnthropicErrorDto"];
                };
            };
        };
    };
    Messages_count: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MessagePromptDto"];
            };
        };
        responses: {
            /** @description The number of tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenCountDto"];
                };
            };
        };
    };
    OpenAiModels_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All models that you can sample from. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiModelListDto"];
                };
            };
        };
    };
    OpenAiModels_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of an adapter, an alias or a base model. */
                model: unknown;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The model. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiModelDto"];
                };
            };
        };
    };
    OpenAiModels_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of an adapter, an alias or a base model. */
                model: unknown;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The adapter is deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenAiModelDeletedDto"];
                };
            };
        };
    };
    Webhooks_list: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of your webhooks. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookListDto"];
                };
            };
        };
    };
    Webhooks_create: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateWebhookDto"];
            };
        };
        responses: {
            /** @description The webhook with its secret. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedWebhookDto"];
                };
            };
        };
    };
    Webhooks_get: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the webhook. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDto"];
                };
            };
        };
    };
    Webhooks_delete: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the webhook. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The webhook is deleted. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeletedDto"];
                };
            };
        };
    };
    Webhooks_deliveries: {
        parameters: {
            query?: {
                /** @description Only deliveries in this state. */
                status?: "dead" | "delivered" | "pending";
                /** @description Deliveries per page. */
                limit?: number;
                /** @description `next_cursor` of the previous page. */
                cursor?: number;
            };
            header?: never;
            path: {
                /** @description Id of the webhook. */
                webhook_id: string;
            };
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
                    "application/json": components["schemas"]["DeliveryListDto"];
                };
            };
        };
    };
    Webhooks_ping: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the webhook. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The delivery: `delivered`, or `dead` with the reason. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeliveryDto"];
                };
            };
        };
    };
    Webhooks_rotateSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the webhook. */
                webhook_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateSecretDto"];
            };
        };
        responses: {
            /** @description The webhook with its new secret. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CreatedWebhookDto"];
                };
            };
        };
    };
}
