import { type TestServer } from './server.js';

export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly example?: unknown;
  readonly pattern?: string;
  readonly nullable?: boolean;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
}

interface Content {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly value: object }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly example?: unknown;
  readonly schema?: Schema;
}

export interface Route {
  readonly operationId: string;
  readonly tags?: readonly string[];
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
  readonly security?: readonly object[];
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Readonly<Record<string, Content>> }>
  >;
}

export interface ApiDocument {
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Route>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
  };
}

/** The document as a running server gives it to Swagger UI. */
export async function fetchDocument(server: TestServer): Promise<ApiDocument> {
  return (await server.api.get<ApiDocument>('/docs-json')).body;
}

/** Routes by "METHOD /path". */
export function routesOf({ paths }: ApiDocument): Map<string, Route> {
  return new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, route]): [string, Route] => [`${method.toUpperCase()} ${path}`, route]),
    ),
  );
}

/** Where a value is not as its schema says: fields that are not described, required ones that are missing, types. */
export function mismatches(schemas: ApiDocument['components']['schemas'], schema: Schema, value: unknown): string[] {
  const check = (part: Schema, item: unknown, at: string): string[] => {
    if (item === null) return part.nullable ? [] : [`${at} is null`];
    if (part.$ref) return check(schemas[part.$ref.replace('#/components/schemas/', '')] ?? {}, item, at);
    if (part.allOf) return part.allOf.flatMap((one) => check(one, item, at));
    if (part.oneOf) {
      const tries = part.oneOf.map((one) => check(one, item, at));
      return tries.find((found) => found.length === 0) ?? [`${at} fits none: ${tries.map(String).join(' | ')}`];
    }
    const type = Array.isArray(item) ? 'array' : typeof item;
    if (part.type && type !== (part.type === 'integer' ? 'number' : part.type)) return [`${at} is of type ${type}`];
    if (Array.isArray(item)) return item.flatMap((one, i) => check(part.items ?? {}, one, `${at}[${i}]`));
    if (typeof item !== 'object') return [];
    const missing = (part.required ?? []).filter((name) => !(name in item)).map((name) => `${at}.${name} is missing`);
    const open = part.additionalProperties;
    return missing.concat(
      Object.entries(item).flatMap(([name, field]) => {
        const known = part.properties?.[name] ?? (typeof open === 'object' ? open : undefined);
        if (known) return check(known, field, `${at}.${name}`);
        return open === true ? [] : [`${at}.${name} is not described`];
      }),
    );
  };
  return check(schema, value, 'answer');
}
