import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isOpen } from '../key-gate.js';
import { declaredRoutes, scopesOfRoute } from './route-scopes.js';

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const { paths } = JSON.parse(readFileSync('openapi.json', 'utf8')) as Document;
const documented = Object.entries(paths).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
);

describe('the scopes of routes', () => {
  it('are declared for every route of the OpenAPI document', () => {
    const undeclared = documented.filter(({ method, path }) => scopesOfRoute(method, path) === undefined);
    expect(undeclared).toEqual([]);
  });

  it('are declared once, and for nothing that does not exist', () => {
    const routes = declaredRoutes();
    const known = new Set(documented.map(({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`));
    // It is there for browsers and described nowhere.
    expect(routes.filter((route) => !known.has(route))).toEqual(['GET /favicon.ico']);
    expect(new Set(routes).size).toBe(routes.length);
  });

  it('leave open only what is answered without a key, and what only operators see', () => {
    for (const { method, path } of documented.filter(({ method, path }) => scopesOfRoute(method, path) === 'none')) {
      const isForOperators = path.startsWith('/admin/') || path === '/metrics';
      expect(isForOperators || isOpen(path.replaceAll(/\{\w+\}/g, 'x')), `${method} ${path}`).toBe(true);
    }
  });

  it('are found by the path of the router, and of HEAD as of GET', () => {
    expect(scopesOfRoute('GET', '/v1/models/*model')).toEqual(['read', 'sample']);
    expect(scopesOfRoute('HEAD', '/adapters/:model_id')).toEqual(['read']);
    expect(scopesOfRoute('POST', '/something/new')).toBeUndefined();
  });
});
