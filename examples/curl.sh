#!/usr/bin/env bash
# The tour of example-simple.ts as curl commands, to read and to copy.
#
#   examples/curl.sh [http://127.0.0.1:8000]
#
# Needs curl, and node to extract fields from JSON. Exits with an error if a request is rejected. If the server requires an
# API key, set THINKER_API_KEY.
set -euo pipefail
server="${1:-http://127.0.0.1:8000}"
curl=(curl --silent --show-error --fail-with-body --header 'content-type: application/json'
  ${THINKER_API_KEY:+--header "x-api-key: $THINKER_API_KEY"})

field() { node -p "const answer = JSON.parse(require('fs').readFileSync(0, 'utf8')); answer.error?.message ?? answer$1"; }

# Submits an operation and waits for its result: /retrieve_future answers 202 until the result is available.
run() {
  local id answer status
  id=$("${curl[@]}" "$server$1" --data "$2" | field .request_id)
  while :; do
    answer=$("${curl[@]}" --write-out '\n%{http_code}' "$server/retrieve_future" --data "{\"request_id\": \"$id\"}")
    status=${answer##*$'\n'}
    if [ "$status" = 200 ]; then echo "${answer%$'\n'*}" && return; fi
  done
}

question='[{"role": "user", "content": "Who made you?"}]'
chat='[{"role": "user", "content": "Who made you?"},
       {"role": "assistant", "content": "You did! I learned this a moment ago, on your own machine."}]'

echo '--- health, loss functions, base models'
"${curl[@]}" "$server/healthz"; echo
"${curl[@]}" "$server/loss_functions" | field .available_loss_functions
"${curl[@]}" "$server/get_server_capabilities"; echo

echo '--- ask the base model'
"${curl[@]}" "$server/generate" --data "{\"messages\": $question, \"max_new_tokens\": 24, \"temperature\": 0}" | field .text

echo '--- supervised learning on the answer only; an unknown model_id creates an adapter with default settings'
"${curl[@]}" --output /dev/null --request DELETE "$server/adapters/example-curl" 2> /dev/null || true
for step in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
  run /fwdbwd "{\"model_id\": \"example-curl\", \"data\": [$chat], \"train_on\": \"assistant\", \"loss_fn\": \"cross_entropy\"}" |
    field ".metrics.mean_nll.toFixed(4) + ' mean_nll at step $step'"
  run /optim_step '{"model_id": "example-curl", "adam_params": {"learning_rate": 0.003}}' > /dev/null
done

echo '--- PPO: get the log-probs of the policy that sampled, then train against them'
logprobs=$(run /fwd "{\"model_id\": \"example-curl\", \"data\": [$chat], \"train_on\": \"assistant\", \"loss_fn\": \"cross_entropy\",
  \"logprobs\": \"all\"}" |
  field '.loss_fn_outputs[0].logprobs.data.join()')
for step in 1 2 3; do
  run /fwdbwd "{\"model_id\": \"example-curl\", \"data\": [$chat], \"train_on\": \"assistant\", \"loss_fn\": \"ppo\",
    \"loss_fn_inputs\": {\"logprobs\": [[$logprobs]], \"advantages\": [1]}}" |
    field ".metrics.mean_ratio.toFixed(4) + ' mean ratio at step $step'"
  run /optim_step '{"model_id": "example-curl", "adam_params": {"learning_rate": 0.001}}' > /dev/null
done

echo '--- list the adapters and ask the same question after training'
"${curl[@]}" "$server/adapters" | field '.adapters.map(({ model_id, trainable_params }) => ({ model_id, trainable_params }))'
"${curl[@]}" "$server/generate" \
  --data "{\"model_id\": \"example-curl\", \"messages\": $question, \"max_new_tokens\": 24, \"temperature\": 0}" | field .text
