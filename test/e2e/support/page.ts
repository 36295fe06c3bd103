import { createContext, runInContext } from 'node:vm';
import { expect } from 'vitest';
import { type ApiDocument } from './api-document.js';

/** What Swagger UI is started with. */
export interface DocsOptions {
  readonly spec: ApiDocument & { readonly security?: readonly object[] };
  readonly requestInterceptor: (request: { url: string; body?: string }) => { url: string; body?: string };
  readonly responseInterceptor: (response: { ok: boolean; text: string }) => object;
}

/** A page as a browser gets it: that its policy lets all of its own scripts and styles run, and that they are there. */
export async function expectWorkingPage(address: string, headers: Record<string, string> = {}): Promise<void> {
  const page = await fetch(address, { headers });
  const html = await page.text();
  expect(page.status, html).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  const policy = page.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");

  const base = new URL(/<base href="([^"]+)"/.exec(html)?.[1] ?? '', page.url);
  const scripts = [...html.matchAll(/<script\b([^>]*)>/g)].map(([, attributes = '']) => attributes);
  const sources = scripts.flatMap((attributes) => /src="([^"]+)"/.exec(attributes)?.[1] ?? []);
  expect(sources.length).toBeGreaterThan(0);
  // The policy stops code within the page; data within it is not code.
  const inline = scripts.filter((attributes) => !/src=|type="application\/json"/.test(attributes));
  expect(inline).toEqual([]);
  const styles = [...html.matchAll(/<link href="([^":]+)" rel="stylesheet"/g)].map(([, source = '']) => source);
  for (const source of [...sources, ...styles]) {
    const file = new URL(source, base);
    expect(file.origin).toBe(new URL(address).origin);
    const answer = await fetch(file, { headers });
    expect((await answer.text()).length, source).toBeGreaterThan(0); // a body that nobody reads keeps the server from ending
    expect(`${answer.status} ${answer.headers.get('content-type')}`, source).toMatch(
      /^200 (application|text)\/(javascript|css)/,
    );
  }
}

/** Runs the script that starts Swagger UI, and catches what it is started with. */
export async function docsOptions(server: string): Promise<DocsOptions> {
  const script = await (await fetch(`${server}/docs/swagger-ui-init.js`)).text();
  let started: DocsOptions | undefined;
  const bundle = Object.assign((options: DocsOptions) => (started = options), { presets: {}, plugins: {} });
  const window = { location: { search: '', origin: server }, onload: () => undefined };
  const page = createContext({ window, SwaggerUIBundle: bundle, SwaggerUIStandalonePreset: {} });
  runInContext(script, page);
  window.onload();
  if (started === undefined) throw new Error('Swagger UI was not started.');
  return started;
}
