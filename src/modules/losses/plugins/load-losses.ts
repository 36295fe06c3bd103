import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LossFunction } from '../loss-function.js';
import { lossProblem } from './loss-plugin-checks.js';
import { LossPluginError } from './loss-plugin.error.js';
import { gradientProblem } from './plugin-gradient.js';

/*
 * Losses of an operator: every .js and .mjs file of a folder exports a class with @Loss. Each thread that checks or
 * computes losses loads them for itself, so a plugin is made without arguments and keeps nothing between calls.
 */

type LossClass = new () => LossFunction;

/** `builtIn` and the losses of all plugins. @throws LossPluginError naming the file and what it lacks */
export async function loadLosses(
  builtIn: readonly LossFunction[],
  folders: readonly string[],
): Promise<LossFunction[]> {
  const losses = [...builtIn];
  const sources = new Map(builtIn.map(({ metadata }) => [metadata.name, 'a built-in loss']));
  for (const folder of folders.map((path) => resolve(path))) {
    for (const file of await pluginFiles(folder)) {
      for (const loss of await readPlugin(file)) {
        const { name } = loss.metadata;
        const other = sources.get(name);
        if (other !== undefined)
          throw new LossPluginError(file, `the name '${name}' is taken by ${other}: rename one.`);
        sources.set(name, file);
        losses.push(loss);
      }
    }
  }
  return losses;
}

async function pluginFiles(folder: string): Promise<string[]> {
  const remedy = 'LOSS_PLUGINS names folders of compiled plugins, separated by commas.';
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new LossPluginError(folder, 'this folder cannot be read.', { remedy, cause });
  });
  const files = entries.filter((entry) => entry.isFile() && /\.m?js$/.test(entry.name)).map(({ name }) => name);
  if (files.length === 0) throw new LossPluginError(folder, 'this folder holds no .js or .mjs file.', { remedy });
  return files.sort().map((name) => join(folder, name));
}

async function readPlugin(file: string): Promise<LossFunction[]> {
  const exported = await importPlugin(file);
  const classes = [...new Set(Object.values(exported))].filter((value) => isLossClass(value, file));
  if (classes.length === 0) {
    throw new LossPluginError(file, 'it exports no loss.', {
      remedy: 'Export a class that extends LossFunction, with @Loss({...}) above it; put shared code into a subfolder.',
    });
  }
  return classes.map((Class) => makeLoss(Class, file));
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
    remedy: "Let the plugin's node_modules/thinker be a link to the folder that this server runs from.",
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
