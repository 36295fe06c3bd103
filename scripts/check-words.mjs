/**
 * Fails if a text uses a wording from the list below, and suggests another one. The list is short on purpose: it contains
 * only wordings that are never right here. docs/glossary.md has the terms.
 *
 *   node scripts/check-words.mjs [folder]     (default: this project)
 */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOTS = [
  'src',
  'clients',
  'workers',
  'docs',
  'examples',
  'bench',
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  '.env.example',
];
const TEXTS = /\.(ts|mjs|md|py|example)$/;
/** Names the words to avoid. */
const EXEMPT = new Set(['docs/glossary.md']);

const WORDS = [
  [/\bhad better\b/i, 'say "should", or name the action'],
  [/\bso many\b/i, 'say "this number of", or name the limit'],
  [/\btells so\b/i, 'say what is reported'],
  [/\bwhat is there\b/i, 'say what is listed or supported'],
  [/\blikeliest\b/i, 'say "most likely", or "top-k"'],
  [/\badds? up over\b/i, 'say "accumulate over"'],
  [/\bsampler snapshots?\b/i, 'say "sampler weights" (or "sampler checkpoint" if it is named)'],
  [/\b(MOST|LONGEST|LARGEST)_[A-Z]/, 'name an upper bound MAX_...'],
  [/(?<!here )\bis no (?!longer\b|more\b|such\b)[a-z]/i, 'say "is not a"'],
];

function textsOf(root) {
  const files = ROOTS.filter((name) => existsSync(path.join(root, name))).flatMap((name) =>
    statSync(path.join(root, name)).isFile()
      ? [name]
      : readdirSync(path.join(root, name), { withFileTypes: true, recursive: true })
          .filter((entry) => entry.isFile())
          .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/')),
  );
  return files.filter((file) => TEXTS.test(file) && !EXEMPT.has(file));
}

/** One line per wording that is on the list. */
export function checkWords(root) {
  return textsOf(root).flatMap((file) =>
    readFileSync(path.join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        WORDS.flatMap(([pattern, advice]) => {
          const found = pattern.exec(line);
          return found ? [`${file}:${index + 1}: "${found[0]}": ${advice}`] : [];
        }),
      ),
  );
}

if (process.argv[1] === import.meta.filename) {
  const problems = checkWords(path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '..')));
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log('The wording follows the word list.');
  else process.exitCode = 1;
}
