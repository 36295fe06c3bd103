import { type JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Problem } from '../components/basics.js';
import { TextField } from '../components/forms.js';
import { useAction } from '../lib/resource.js';
import { useSession } from '../lib/session.js';

export function LoginPage(): JSX.Element {
  const { logIn } = useSession();
  const [key, setKey] = useState('');
  const { run, isRunning, error } = useAction(() => logIn(key.trim()));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    run();
  };
  return (
    <main class="login">
      <form class="card" onSubmit={submit}>
        <img src="/console/icon.svg" alt="" width="36" height="36" />
        <h1>Log in to Thinker</h1>
        <p class="note">With an API key of this server. It is exchanged for a session of 12 hours.</p>
        <TextField
          label="API key"
          isSecret
          autocomplete="current-password"
          placeholder="tml-…"
          required
          autofocus
          value={key}
          onValue={setKey}
        />
        <Problem error={error} />
        <button type="submit" class="primary wide" disabled={isRunning || key.trim() === ''}>
          {isRunning ? 'Logging in …' : 'Log in'}
        </button>
      </form>
    </main>
  );
}
