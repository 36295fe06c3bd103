import { afterEach, describe, expect, it, vi } from 'vitest';
import { uploadFetch } from './upload-fetch.js';

describe('a fetch for uploads', () => {
  const sent = vi.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(new Response('{}')));
  afterEach(() => sent.mockClear());
  const send = uploadFetch('https://hub.example');
  const put = { method: 'PUT', headers: { Authorization: 'Bearer hf_secret' } };
  const tokenSent = () => (sent.mock.calls[0]?.[1]?.headers as Headers).get('authorization');

  it('shows the token to the hub, and never follows a redirect', async () => {
    await send('https://hub.example/api/models/a/b', put);
    expect(tokenSent()).toBe('Bearer hf_secret');
    expect(sent.mock.calls[0]?.[1]?.redirect).toBe('error');
  });

  it('sends files to a storage without it', async () => {
    await send('https://storage.example/signed', put);
    expect(tokenSent()).toBeNull();
  });

  it.each(['http://storage.example/signed', 'http://127.0.0.1/admin', 'http://hub.example/'])('refuses %s', (url) => {
    expect(() => send(url, put)).toThrow(/sends uploads to/);
    expect(sent).not.toHaveBeenCalled();
  });
});
