import path from 'node:path';
import ts from 'typescript';
import { type Manifest } from './helm.js';

/*
 * Whether objects are what Kubernetes (and KEDA, and the Prometheus operator) take, from the schemas of their own API servers
 * as the packages of kubernetes-models have them: the types refuse unknown fields, the validators formats and values.
 */
const root = path.join(import.meta.dirname, '..', '..', '..');
const OTHER_PACKAGES: Readonly<Record<string, string>> = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};

const moduleOf = ({ apiVersion }: Manifest): string =>
  `${OTHER_PACKAGES[apiVersion.split('/')[0]!] ?? 'kubernetes-models'}/${apiVersion}`;

interface Model {
  validate(): void;
}

/** @returns a line for each fault */
export async function manifestFaults(manifests: readonly Manifest[]): Promise<string[]> {
  return [...typeFaults(manifests), ...(await valueFaults(manifests))];
}

async function valueFaults(manifests: readonly Manifest[]): Promise<string[]> {
  const faults: string[] = [];
  for (const manifest of manifests) {
    const models = (await import(moduleOf(manifest))) as Record<string, (new (data: Manifest) => Model) | undefined>;
    const Kind = models[manifest.kind];
    try {
      if (Kind === undefined) throw new Error('no such kind');
      new Kind(manifest).validate();
    } catch (error) {
      faults.push(`${manifest.kind} ${manifest.metadata.name}: ${(error as Error).message}`);
    }
  }
  return faults;
}

/** Checks each object as a literal of its type, which is when the compiler refuses fields that the type does not have. */
function typeFaults(manifests: readonly Manifest[]): string[] {
  const file = path.join(root, 'scripts', 'rendered-manifests.ts');
  const lines = manifests.map(
    (manifest, i) =>
      `import { type I${manifest.kind} as T${i} } from '${moduleOf(manifest)}'; ` +
      `export const m${i}: T${i} = ${JSON.stringify(manifest)};`,
  );
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const onDisk = ts.createCompilerHost(options);
  const text = lines.join('\n');
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2023) : onDisk.getSourceFile(name, ...rest);
  host.fileExists = (name) => name === file || onDisk.fileExists(name);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText, start, file: source }) => {
    const line = source && start !== undefined ? source.getLineAndCharacterOfPosition(start).line : 0;
    const { kind, metadata } = manifests[line]!;
    return `${kind} ${metadata.name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
  });
}
