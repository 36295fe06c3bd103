/**
 * Corrections become a better model under the same name: 20 corrected answers, a fine-tuning job, and a promotion that
 * compares the result with the model in use on corrections that it was not trained on. A second, bad batch is not promoted.
 *
 *   node dist/examples/example-feedback.js [http://127.0.0.1:8000]
 *
 * If the server requires an API key, set THINKER_API_KEY. Exits with code 1 if a promotion does not go as it should.
 */
const SERVER = (process.argv[2] ?? 'http://127.0.0.1:8000').replace(/\/$/, '');
const API_KEY = process.env['THINKER_API_KEY'] ?? 'none';
const ALIAS = `assistant-${Date.now()}`;

const WORDS =
  'apples books chairs doors engines flags gardens hats islands jackets keys lamps ' +
  'maps nets oranges pens queens rivers ships trains umbrellas violins wheels zebras';
const THINGS = WORDS.split(' ');
const question = (thing: string) => `Where do I find ${thing}?`;
const corrected = (thing: string) => `You find ${thing} in aisle seven.`;
const spoiled = () => 'qqq xxx qqq xxx';

async function call<T>(method: string, path: string, body?: object | FormData): Promise<{ status: number; body: T }> {
  const headers = new Headers({ Authorization: `Bearer ${API_KEY}` });
  const isForm = body instanceof FormData;
  if (!isForm) headers.set('Content-Type', 'application/json');
  const sent = isForm ? body : JSON.stringify(body);
  const response = await fetch(`${SERVER}${path}`, { method, headers, body: sent });
  return { status: response.status, body: (await response.json()) as T };
}

/** For what has to work. */
async function must<T>(method: string, path: string, body?: object | FormData): Promise<T> {
  const answer = await call<T>(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A file of conversations; its id. */
async function upload(name: string, things: readonly string[], answer: (thing: string) => string): Promise<string> {
  const rows = things.map((thing) => ({
    messages: [
      { role: 'user', content: question(thing) },
      { role: 'assistant', content: answer(thing) },
    ],
  }));
  const form = new FormData();
  form.set('purpose', 'fine-tune');
  form.set('file', new Blob([rows.map((row) => JSON.stringify(row)).join('\n')]), name);
  return (await must<{ id: string }>('POST', '/v1/files', form)).id;
}

interface Job {
  readonly id: string;
  readonly status: string;
  readonly fine_tuned_model: string | null;
  readonly error: { readonly message: string } | null;
}

/** Trains an adapter on a file; its name. */
async function train(trainingFile: string, suffix: string): Promise<string> {
  const hyperparameters = { n_epochs: 4, batch_size: 4 };
  const method = { type: 'supervised', supervised: { hyperparameters } };
  const wanted = { model: 'base', training_file: trainingFile, suffix, seed: 1, method };
  let job = await must<Job>('POST', '/v1/fine_tuning/jobs', wanted);
  while (!['succeeded', 'failed', 'cancelled'].includes(job.status)) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    job = await must<Job>('GET', `/v1/fine_tuning/jobs/${job.id}`);
  }
  if (job.fine_tuned_model !== null && job.status === 'succeeded') return job.fine_tuned_model;
  throw new Error(`Job ${job.id} has ${job.status}: ${job.error?.message ?? ''}`);
}

/** Points the alias at a model if it does as well on the file; says what became of it. */
async function promote(target: string, file: string): Promise<boolean> {
  type Losses = { readonly loss: number; readonly current_loss: number };
  type Answer = { readonly eval?: Losses; readonly error?: { readonly message: string; readonly details: Losses } };
  const { status, body } = await call<Answer>('POST', `/aliases/${ALIAS}/promote`, { target, eval: { file } });
  const losses = body.eval ?? body.error?.details;
  if ((status !== 200 && status !== 409) || losses?.loss === undefined) throw new Error(JSON.stringify(body));
  const outcome = status === 200 ? 'promoted' : 'refused';
  console.log(`${target}: ${outcome}, loss ${losses.loss.toFixed(3)}, before ${losses.current_loss.toFixed(3)}`);
  return status === 200;
}

async function main(): Promise<void> {
  await must('PUT', `/aliases/${ALIAS}`, { target: 'base' });
  const [trained, unseen] = [THINGS.slice(0, 20), THINGS.slice(20)];
  const heldOut = await upload('held-out.jsonl', unseen, corrected);
  const better = await train(await upload('corrections.jsonl', trained, corrected), 'corrected');
  const isBetter = await promote(better, heldOut);
  const worse = await train(await upload('spoiled.jsonl', trained, spoiled), 'spoiled');
  const isWorse = !(await promote(worse, heldOut));
  const { target } = await must<{ target: string }>('GET', `/aliases/${ALIAS}`);
  console.log(`${ALIAS} stands for ${target}`);
  if (!isBetter || !isWorse || target !== better) throw new Error('The promotions did not go as they should.');
}

await main();
