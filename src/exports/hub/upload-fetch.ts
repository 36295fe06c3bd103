/**
 * A fetch for uploads to a hub. Requests to the hub itself carry the token; large files go where the hub says (signed
 * addresses of a storage), which gets no token and is written to over https only. Redirects are errors: they would carry
 * the token elsewhere.
 */
export function uploadFetch(endpoint: string): typeof fetch {
  const hub = new URL(endpoint).origin;
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    if (url.origin !== hub) {
      if (url.protocol !== 'https:') throw new Error(`The hub at ${hub} sends uploads to ${url.origin}.`);
      headers.delete('authorization');
    }
    return fetch(url, { ...init, headers, redirect: 'error' });
  };
}
