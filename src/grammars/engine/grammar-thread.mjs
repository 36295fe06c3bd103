/**
 * Entry of the grammar thread: XGrammar in WebAssembly. Answers every job with what it asks for. Plain JavaScript, so that it
 * also runs from the sources.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parentPort } from 'node:worker_threads';

const file = fileURLToPath(import.meta.resolve('@mlc-ai/web-xgrammar'));
// The package calls itself a module, but is CommonJS; so it is run as that. Each run is an instance of its own.
const run = new Function('exports', 'module', 'require', '__filename', readFileSync(file, 'utf8'));

/** Compiled grammars of a vocabulary that are kept. */
const KEPT_GRAMMARS = 16;

/** The library writes why it gives up to the console before it does. */
let reasons = [];
console.error = (...parts) => reasons.push(parts.join(' '));
console.log = () => undefined;

let library = load();
let nextId = 1;
/** By key: the bytes of the tokens, and where each ends. */
const vocabularies = new Map();
const matchers = new Map();

function load() {
  const loaded = {};
  run.call(undefined, loaded, { exports: loaded }, createRequire(file), file);
  return { ...loaded, compilers: new Map() };
}

const jobs = {
  /** Compiles a grammar for all bytes as tokens, to see whether it can be. */
  async check({ ebnf }) {
    vocabularies.get('bytes') ?? vocabularies.set('bytes', bytes());
    (await compiled('bytes', ebnf)).dispose();
  },

  put({ key, tokens, ends, size }) {
    vocabularies.set(key, { tokens, ends, size });
  },

  /** One matcher for each continuation; all begin alike. */
  async open({ key, ebnf, stopTokens, count }) {
    const grammar = await compiled(key, ebnf, true);
    const { GrammarMatcher } = library;
    const ids = [];
    for (let i = 0; i < count; i++) {
      ids.push(nextId++);
      const endsAlone = stopTokens.length === 0;
      matchers.set(
        ids[i],
        await GrammarMatcher.createGrammarMatcher(grammar, endsAlone ? undefined : stopTokens, endsAlone),
      );
    }
    return { ids, mask: await maskOf(ids[0]) };
  },

  async accept({ id, token }) {
    const matcher = matchers.get(id);
    if (!matcher.acceptToken(token)) throw new Error(`Token ${token} does not fit the grammar.`);
    return matcher.isTerminated() ? { ended: true } : { ended: false, mask: await maskOf(id) };
  },

  close({ ids }) {
    for (const id of ids) {
      matchers.get(id)?.dispose();
      matchers.delete(id);
    }
  },
};

async function maskOf(id) {
  const mask = await matchers.get(id).getNextTokenBitmask();
  if (mask.every((word) => word === 0)) throw new Error('The tokenizer has no token that goes on with the grammar.');
  return mask.slice();
}

/** Grammars that are kept are let go when others have been used since. */
async function compiled(key, ebnf, keep = false) {
  const compiler = await compilerOf(key);
  const known = compiler.grammars.get(ebnf);
  const grammar = known ?? (await compiler.grammarCompiler.compileGrammar(ebnf));
  if (!keep) return grammar;
  compiler.grammars.delete(ebnf);
  compiler.grammars.set(ebnf, grammar);
  if (compiler.grammars.size > KEPT_GRAMMARS) {
    const [oldest, unused] = compiler.grammars.entries().next().value;
    compiler.grammars.delete(oldest);
    unused.dispose();
  }
  return grammar;
}

async function compilerOf(key) {
  const made = library.compilers.get(key);
  if (made) return made;
  const { tokens, ends, size } = vocabularies.get(key);
  // A token without bytes is never allowed.
  const list = Array.from({ length: size }, (_, i) => tokens.subarray(ends[i - 1] ?? 0, ends[i] ?? ends.at(-1)));
  const info = await library.TokenizerInfo.createTokenizerInfo(list, 'raw', false, size, []);
  const compiler = {
    grammarCompiler: await library.GrammarCompiler.createGrammarCompiler(info, false),
    grammars: new Map(),
  };
  library.compilers.set(key, compiler);
  return compiler;
}

function bytes() {
  return {
    tokens: Uint8Array.from({ length: 256 }, (_, i) => i),
    ends: Int32Array.from({ length: 256 }, (_, i) => i + 1),
    size: 256,
  };
}

/** Jobs come one after another: the library's state is shared. */
let turn = Promise.resolve();
parentPort.on('message', ({ job, name, input }) => {
  turn = turn.then(() => answer(job, name, input));
});

async function answer(job, name, input) {
  reasons = [];
  try {
    const result = await jobs[name](input);
    parentPort.postMessage({ job, result }, result?.mask ? [result.mask.buffer] : []);
  } catch (error) {
    const [fatal] = reasons.filter((line) => line.startsWith('[FATAL]'));
    // An instance that gave up is not used for anything new; what it has open goes on.
    if (error.name === 'RuntimeError') library = load();
    parentPort.postMessage({ job, error: fatal?.replace(/^\[FATAL\] \S*: /, '') ?? String(error.message ?? error) });
  }
}
