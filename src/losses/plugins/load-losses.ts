import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LossFunction } from '../loss-function.js';
import { LossRegistry } from '../loss-registry.js';
import { lossProblem } from './loss-plugin-checks.js';
import { LossPluginError } from './loss-plugin.error.js';
import { gradientProblem } from './plugin-gradient.js';

/*
 * Losses of an operator: every .js and .mjs file of a folder exports a class with @Loss. Each thread that checks or
 * computes losses loads them for itself, so a plugin is made without arguments and keeps nothing between calls.
 */

type LossClass = new () => LossFunction;

/** The registry of `builtIn` and the losses of all plugins. @throws LossPluginError naming the file and what it lacks */
export async function loadLosses(builtIn: readonly LossFunction[], folders: readonly string[]): Promise<LossRegistry> {
  const losses = [...builtIn];
  const digests = new Map<string, string>();
  const sources = new Map(builtIn.map(({ metadata }) => [metadata.name, 'a built-in loss']));
  for (const folder of folders.map((path) => resolve(path))) {
    for (const file of await pluginFiles(folder)) {
      const { own, digest } = await readPlugin(file);
      for (const loss of own) {
        const { name } = loss.metadata;
        const other = sources.get(name);
        if (other !== undefined)
          throw new LossPluginError(file, `the name '${name}' is already used by ${other}; rename one of them.`);
        sources.set(name, file);
        digests.set(name, digest);
        losses.push(loss);
      }
    }
  }
  return new LossRegistry(losses, digests);
}

async function pluginFiles(folder: string): Promise<string[]> {
  const remedy = 'LOSS_PLUGINS is a comma-separated list of folders of compiled plugins.';
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new LossPluginError(folder, 'the folder cannot be read.', { remedy, cause });
  });
  const files: string[] = [];
  for (const file of names.sort().map((name) => join(folder, name))) {
    if (!/\.[mc]?js$/.test(file) || !(await isFile(file))) continue;
    if (file.endsWith('.cjs')) {
      const toDo =
        'Compile it as an ES module (tsc --module nodenext) to .js or .mjs; put shared code into a subfolder.';
      throw new LossPluginError(file, 'a plugin cannot be a CommonJS module.', { remedy: toDo });
    }
    files.push(file);
  }
  if (files.length === 0) throw new LossPluginError(folder, 'the folder contains no .js or .mjs file.', { remedy });
  return files;
}

/** Also where a link leads to one, as in a volume that Kubernetes makes of a ConfigMap. */
async function isFile(path: string): Promise<boolean> {
  const found = await stat(path).catch((cause: unknown) => {
    throw new LossPluginError(path, 'the file cannot be read.', { cause });
  });
  return found.isFile();
}

async function readPlugin(file: string): Promise<{ own: LossFunction[]; digest: string }> {
  const [exported, digest] = [await importPlugin(file), await digestOf(file)];
  const classes = [...new Set(Object.values(exported))].filter((value) => isLossClass(value, file));
  if (classes.length === 0) {
    throw new LossPluginError(file, 'it does not export a loss.', {
      remedy: 'Export a class that extends LossFunction, with @Loss({...}) above it; put shared code into a subfolder.',
    });
  }
  return { own: classes.map((Class) => makeLoss(Class, file)), digest };
}

/** Of the file alone: what it imports from elsewhere is its author's to keep. */
async function digestOf(file: string): Promise<string> {
  return `sha256:${createHash('sha256')
    .update(await readFile(file))
    .digest('hex')}`;
}

async function importPlugin(file: string): Promise<object> {
  try {
    return (await import(pathToFileURL(file).href)) as object;
  } catch (cause) {
    throw new LossPluginError(file, `it cannot be loaded: ${messageOf(cause)}.`, { cause });
  }
}

function isLossClass(value: unknown, file: string): value is LossClass {
  if (typeof value !== 'function') return false;
  if (value.prototype instanceof LossFunction) return true;
  const ancestors = [];
  for (let one: unknown = value; typeof one === 'function'; one = Object.getPrototypeOf(one)) ancestors.push(one.name);
  if (!ancestors.includes(LossFunction.name)) return false;
  throw new LossPluginError(file, `${value.name} extends the LossFunction of another copy of this service.`, {
    remedy: "Make the plugin's node_modules/thinker a link to the folder that this server runs from.",
  });
}

function makeLoss(Class: LossClass, file: string): LossFunction {
  const loss = attempt(() => new Class(), file);
  const problem = attempt(() => lossProblem(loss) ?? gradientProblem(loss), file);
  if (problem !== null) throw new LossPluginError(file, problem);
  return loss;
}

/** A constructor or a description may throw anything. */
function attempt<T>(read: () => T, file: string): T {
  try {
    return read();
  } catch (cause) {
    throw new LossPluginError(file, messageOf(cause), { cause });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
