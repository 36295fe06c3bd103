/** The parts of an Express application that tell its routes. */
interface RouteLayer {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  match(path: string): boolean;
}

interface ExpressRoutes {
  readonly router: { readonly stack: readonly RouteLayer[] };
}

/** Methods for which the Express application has a route at this path, upper case; empty when the path is unknown. */
export function allowedMethods(app: ExpressRoutes, path: string): string[] {
  const methods = new Set<string>();
  for (const layer of app.router.stack) {
    if (layer.route === undefined || !matches(layer, path)) continue;
    for (const method of Object.keys(layer.route.methods)) methods.add(method.toUpperCase());
  }
  return [...methods].filter((method) => /^[A-Z]+$/.test(method)).sort();
}

function matches(layer: RouteLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    // A path with a broken escape matches nothing.
    return false;
  }
}
