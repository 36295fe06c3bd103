import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiApp, startApiApp } from '../support/service/api-app.js';
import { createTestDatabase, type TestDatabase } from '../support/servers/test-database.js';
import { TinkerClient } from '../support/service/tinker-client.js';

/** What changes the numbers and is not done here is refused by its name, never answered as something else. */
let database: TestDatabase;
let service: ApiApp;
let client: TinkerClient;
let model: string;

beforeAll(async () => {
  database = await createTestDatabase();
  service = await startApiApp(database.url);
  client = new TinkerClient(service.url, undefined);
  await client.begin();
  [model] = await client.createModel(0);
});

afterAll(async () => {
  await service.close();
  await database.drop();
});

async function expectRefusal(path: string, body: object, field: string, named: string): Promise<void> {
  const answer = await client.post(path, body);
  expect(answer).toMatchObject({ status: 400, body: { error: { details: { field } } } });
  expect((answer.body['error'] as { message: string }).message).toContain(named);
}

describe('save_weights_for_sampler', () => {
  it.each(['inflight', 'delta'])('refuses the kind %s', async (kind) => {
    await expectRefusal('save_weights_for_sampler', { model_id: model, kind }, 'kind', kind);
    await expectRefusal('save_weights_for_sampler', { model_id: model, path: 'named', kind }, 'kind', kind);
  });

  it('takes the kind that it makes', async () => {
    expect(await client.post('save_weights_for_sampler', { model_id: model, kind: 'snapshot' })).toMatchObject({
      status: 200,
    });
  });
});

describe('optimizers', () => {
  it.each([
    [{ optimizer_params: { type: 'dimuon', learning_rate: 0.02 } }, 'optimizer_params.type', 'dimuon'],
    [{ optim_params: { type: 'muon', learning_rate: 0.02 } }, 'optim_params.type', 'muon'],
    [{ optimizer_params: { learning_rate: 0.02 } }, 'optimizer_params', 'adam_params'],
    [{ optim_params: { type: 'adamw', learning_rate: 0.02 } }, 'optim_params', 'adam_params'],
    [{ adam_params: { type: 'sgd' } }, 'adam_params.type', 'sgd'],
    [{ adam_params: { amsgrad: true } }, 'adam_params.amsgrad', 'amsgrad'],
    [{ adam_params: { lr: 0.1 } }, 'adam_params.lr', 'lr'],
    [{ adam_params: { betas: [0.9, 0.99] } }, 'adam_params.betas', 'betas'],
    [{ adam_params: { lr_schedule: { type: 'cosine' } } }, 'adam_params.lr_schedule', 'lr_schedule'],
  ])('optim_step refuses %j', async (fields, field, named) => {
    await expectRefusal('optim_step', { model_id: model, seq_id: 1, ...fields }, field, named);
  });

  it.each([
    [{ type: 'dimuon', version: 1 }, 'optimizer_config.type', 'dimuon'],
    [{ type: 'adamw', version: 2 }, 'optimizer_config.version', 'version'],
    [{ type: ['adamw'] }, 'optimizer_config.type', 'a list of 1'],
  ])('create_model and load_weights refuse %j', async (optimizer_config, field, named) => {
    const created = { session_id: client.sessionId, model_seq_id: 7, base_model: 'tiny-chat', optimizer_config };
    await expectRefusal('create_model', created, field, named);
    const loaded = { model_id: model, path: `tinker://${model}/weights/a`, optimizer: true, optimizer_config };
    await expectRefusal('load_weights', loaded, field, named);
  });

  it('takes other names and values that ask for AdamW as it is', async () => {
    const adam_params = { type: 'adam', amsgrad: false, momentum: 0, lr_schedule: null, warmup_steps: 0 };
    expect(await client.post('optim_step', { model_id: model, seq_id: 2, adam_params })).toMatchObject({ status: 200 });
  });
});

describe('create_model', () => {
  it.each([
    [{ lora_alpha: 16 }, 'lora_config.lora_alpha'],
    [{ r: 8 }, 'lora_config.r'],
    [{ dropout: 0.1 }, 'lora_config.dropout'],
    [{ target_modules: ['q_proj'] }, 'lora_config.target_modules'],
    [{ use_rslora: true }, 'lora_config.use_rslora'],
  ])('refuses the adapter %j', async (lora_config, field) => {
    const body = { session_id: client.sessionId, model_seq_id: 8, base_model: 'tiny-chat', lora_config };
    await expectRefusal('create_model', body, field, field);
  });
});

describe('losses', () => {
  const inputs = (more: object = {}) => ({
    target_tokens: { data: [6, 7], dtype: 'int64', shape: [2] },
    logprobs: { data: [-1, -1], dtype: 'float32', shape: [2] },
    advantages: { data: [1, 1], dtype: 'float32', shape: [2] },
    ...more,
  });
  const forward = (loss_fn: string, loss_fn_inputs: object, loss_fn_config: object = {}) => ({
    model_id: model,
    seq_id: 3,
    forward_backward_input: {
      data: [{ model_input: { chunks: [{ type: 'encoded_text', tokens: [5, 6] }] }, loss_fn_inputs }],
      loss_fn,
      loss_fn_config,
    },
  });
  const at = (name: string) => `data[0].loss_fn_inputs.${name}`;

  it.each(['gspo', 'stable_reinforce', 'custom', 'dpo'])('%s is not taken for another one', async (loss) => {
    await expectRefusal('forward_backward', forward(loss, inputs()), 'loss_fn', loss);
  });

  it.each([
    ['ppo', { epsilon: 0.2 }, 'epsilon'],
    ['ppo', { clip_low_threshold: 'low' }, 'clip_low_threshold'],
    ['importance_sampling', { kl_coeff: 0.1 }, 'kl_coeff'],
    ['cross_entropy', { label_smoothing: 0.1 }, 'label_smoothing'],
  ])('%s refuses the setting %j', async (loss, config, key) => {
    await expectRefusal('forward_backward', forward(loss, inputs(), config), `loss_fn_config.${key}`, key);
  });

  it.each(['clip_low_threshold', 'clip_high_threshold', 'sequence_ratio_mask'])(
    'ppo refuses %s for each token',
    async (name) => {
      const tensor = { data: [0.5, 1], dtype: 'float32', shape: [2] };
      await expectRefusal('forward_backward', forward('ppo', inputs({ [name]: tensor })), at(name), name);
    },
  );

  it.each(['bfloat16', 'float64', 'uint8', 7])('a tensor of %s is refused', async (dtype) => {
    const tensor = { data: [6, 7], dtype, shape: [2] };
    const body = forward('cross_entropy', { target_tokens: tensor });
    await expectRefusal('forward_backward', body, `${at('target_tokens')}.dtype`, String(dtype));
  });

  it('half of what a sparse tensor needs is refused', async () => {
    const tensor = { data: [6, 7], dtype: 'int64', shape: [2], sparse_col_indices: [0, 0] };
    const body = forward('cross_entropy', { target_tokens: tensor });
    await expectRefusal('forward_backward', body, `${at('target_tokens')}.sparse_crow_indices`, 'missing');
  });
});

describe('sampling', () => {
  const request = (fields: object = {}, params: object = {}) => ({
    base_model: 'tiny-chat',
    prompt: { chunks: [{ type: 'encoded_text', tokens: [5, 6] }] },
    sampling_params: { max_tokens: 2, ...params },
    ...fields,
  });

  it.each([
    ['frequency_penalty', 0.5],
    ['presence_penalty', 0.5],
    ['repetition_penalty', 1.2],
    ['min_p', 0.1],
    ['logit_bias', { '5': 10 }],
    ['n', 4],
    ['min_tokens', 5],
    ['stop_token_ids', [7]],
    ['ignore_eos', true],
    ['guided_json', { type: 'object' }],
    ['response_format', { type: 'json_object' }],
    ['use_beam_search', true],
  ])('refuses %s', async (name, value) => {
    await expectRefusal('asample', request({}, { [name]: value }), `sampling_params.${name}`, name);
  });

  it('takes values of them that ask for nothing', async () => {
    const params = {
      frequency_penalty: 0,
      repetition_penalty: 1,
      logit_bias: {},
      n: 1,
      stop_token_ids: [],
      min_p: null,
    };
    expect(await client.post('asample', request({}, params))).toMatchObject({ status: 200 });
  });

  it.each([[5], ['all'], [[1]]])('refuses prompt_logprobs as %j', async (value) => {
    await expectRefusal('asample', request({ prompt_logprobs: value }), 'prompt_logprobs', 'prompt_logprobs');
  });

  it('refuses to record what only stable_reinforce reads', async () => {
    const body = request({ record_stability_info: true });
    await expectRefusal('asample', body, 'record_stability_info', 'record_stability_info');
    expect(await client.post('asample', request({ record_stability_info: false }))).toMatchObject({ status: 200 });
  });

  it('refuses two sources of weights that are not one', async () => {
    const [id] = await client.createModel(1);
    const saved = await client.settled('save_weights_for_sampler', { model_id: id, seq_id: 1, path: 'best' });
    const model_path = String(saved.body['path']);
    const session = { session_id: client.sessionId, sampling_session_seq_id: 9 };
    for (const base_model of ['another/model', 'x']) {
      const answer = await client.post('create_sampling_session', { ...session, base_model, model_path });
      expect(answer.body).toMatchObject({ error: { details: { field: 'base_model' } } });
      expect((await client.post('asample', request({ base_model, model_path }))).body).toMatchObject({
        error: { details: { field: 'base_model' } },
      });
    }
    const made = await client.post('create_sampling_session', { ...session, base_model: 'tiny-chat', model_path });
    expect(made.status).toBe(200);
    const { sampling_session_id } = made.body;
    expect((await client.post('asample', request({ sampling_session_id, model_path }))).status).toBe(200);
    const other = request({ sampling_session_id, model_path: `tinker://${id}/sampler_weights/other` });
    await expectRefusal('asample', other, 'model_path', 'determines the weights');
  });
});
