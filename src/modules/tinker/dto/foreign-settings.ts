/*
 * Settings that other services, PEFT and PyTorch have where the Tinker API has none, each with the values that ask for
 * nothing. The SDK sends none of them; a client that does is told so, as it would get other numbers than it asked for.
 */
export type ForeignSettings = Readonly<Record<string, readonly unknown[]>>;

/** The wire has no alpha; this is what open servers use. */
export const TINKER_ALPHA = 32;

/** Of adam_params. */
export const OTHER_ADAM_SETTINGS: ForeignSettings = {
  lr: [],
  betas: [],
  beta: [],
  epsilon: [],
  max_grad_norm: [],
  clip_grad_norm: [],
  amsgrad: [false],
  nesterov: [false],
  maximize: [false],
  decoupled_weight_decay: [true],
  momentum: [0],
  lr_schedule: [],
  lr_scheduler: [],
  lr_scheduler_type: [],
  scheduler: [],
  warmup_steps: [0],
  warmup_ratio: [0],
};

/** Of lora_config; the root route POST /adapters has some. */
export const OTHER_LORA_SETTINGS: ForeignSettings = {
  r: [],
  lora_rank: [],
  alpha: [TINKER_ALPHA],
  lora_alpha: [TINKER_ALPHA],
  dropout: [0],
  lora_dropout: [0],
  target_modules: [],
  exclude_modules: [],
  modules_to_save: [],
  layers_to_transform: [],
  layers_pattern: [],
  rank_pattern: [],
  alpha_pattern: [],
  bias: ['none'],
  use_rslora: [false],
  use_dora: [false],
  init_lora_weights: [true],
  fan_in_fan_out: [false],
  train_embed: [false],
};

/** Of sampling_params; the root route POST /generate has min_p and repetition_penalty. */
export const OTHER_SAMPLING_SETTINGS: ForeignSettings = {
  frequency_penalty: [0],
  presence_penalty: [0],
  repetition_penalty: [1],
  length_penalty: [1],
  min_p: [0],
  logit_bias: [],
  logits_processors: [],
  bad_words: [],
  allowed_token_ids: [],
  stop_token_ids: [],
  top_a: [0],
  typical_p: [1],
  n: [1],
  best_of: [1],
  min_tokens: [0],
  max_new_tokens: [],
  ignore_eos: [false],
  no_repeat_ngram_size: [0],
  use_beam_search: [false],
  num_beams: [1],
  do_sample: [true],
  dynatemp_range: [0],
  response_format: [],
  structured_outputs: [],
  guided_decoding: [],
  guided_json: [],
  guided_regex: [],
  guided_choice: [],
  guided_grammar: [],
  prompt_logprobs: [false],
  logprobs: [],
  truncate_prompt_tokens: [],
};
