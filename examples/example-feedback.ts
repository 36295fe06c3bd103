/**
 * Corrections become a better model under the same name: 20 answers are captured and corrected, the corrections become a
 * training file, a fine-tuning job, and a promotion that compares the result with the model in use on answers that it was
 * not trained on. A second, bad batch of corrections is not promoted.
 *
 *   node dist/examples/example-feedback.js [http://127.0.0.1:8000]
 *
 * If the server requires an API key, set THINKER_API_KEY. Exits with code 1 if something does not go as it should.
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

interface Completion {
  readonly id: string;
  readonly choices: readonly { readonly message: { readonly content: string } }[];
}

/** Asks the alias, as any client of OpenAI's does. `batch`: kept with the captured request. */
function ask(thing: string, batch: string): Promise<Completion> {
  const messages = [{ role: 'user', content: question(thing) }];
  const metadata = { batch };
  return must('POST', '/v1/chat/completions', { model: ALIAS, messages, metadata, max_tokens: 12, temperature: 0 });
}

/** Asks for each thing, corrects the answers, and makes a training file of the corrections; its id. */
async function correct(things: readonly string[], batch: string, answer: (thing: string) => string): Promise<string> {
  for (const thing of things) {
    const { id } = await ask(thing, batch);
    await must('POST', '/v1/feedback', { id, thumb: 'down', correction: answer(thing) });
  }
  const wanted = { method: 'supervised', metadata: `batch:${batch}`, filename: `${batch}.jsonl` };
  const { file_id: file, rows } = await must<{ file_id: string; rows: number }>('POST', '/v1/feedback/files', wanted);
  if (rows !== things.length) throw new Error(`The file has ${rows} rows, not ${things.length}.`);
  return file;
}

/** How many of these questions the alias answers correctly, word for word. */
async function countCorrect(things: readonly string[]): Promise<number> {
  let count = 0;
  for (const thing of things) {
    const answer = (await ask(thing, 'check')).choices[0]?.message.content.trim();
    if (answer === corrected(thing)) count++;
  }
  return count;
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
  await must('PUT', '/v1/captures/settings', { enabled: true });
  await must('PUT', `/aliases/${ALIAS}`, { target: 'base' });
  const [trained, unseen] = [THINGS.slice(0, 20), THINGS.slice(20)];
  const heldOut = await upload('held-out.jsonl', unseen, corrected);
  const before = await countCorrect(unseen);
  const better = await train(await correct(trained, `${ALIAS}-good`, corrected), 'corrected');
  const isBetter = await promote(better, heldOut);
  const after = await countCorrect(unseen);
  console.log(`${unseen.length} questions that were not trained: ${before} answered correctly before, ${after} now`);
  const worse = await train(await correct(trained, `${ALIAS}-bad`, spoiled), 'spoiled');
  const isWorse = !(await promote(worse, heldOut));
  const { target } = await must<{ target: string }>('GET', `/aliases/${ALIAS}`);
  console.log(`${ALIAS} stands for ${target}`);
  if (!isBetter || !isWorse || target !== better || after <= before) throw new Error('It did not go as it should.');
}

await main();
