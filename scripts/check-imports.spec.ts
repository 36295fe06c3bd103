import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkImports, checkTables } from './check-imports.mjs';
import { LAYERS } from './lib/import-rules.mjs';

let root: string;

function plant(files: Record<string, string>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), content);
  }
}

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'imports-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('LAYERS', () => {
  it('lets a folder know only folders named before it', () => {
    const names = Object.keys(LAYERS);
    const wrong = Object.entries(LAYERS).flatMap(([folder, known]) =>
      known.filter((other) => !(names.indexOf(other) < names.indexOf(folder)) || !names.includes(other)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('checkImports', () => {
  it('accepts downward imports, a module by its index, and entities that name each other', () => {
    plant({
      'src/domain/a.ts': 'export const a = 1;',
      'src/common/b.ts': "import { a } from '../domain/a.js';\nexport const b = a;",
      'src/modules/futures/index.ts': "export * from './operation.js';",
      'src/modules/futures/log/operation.ts': "import { Entity } from 'typeorm';\nexport const o = Entity;",
      'src/modules/adapters/adapters.service.ts': "import { o } from '../futures/index.js';\nexport const s = o;",
      'src/modules/adapters/entities/adapter.entity.ts': 'export const e = 1;',
      'src/modules/futures/entities/future.entity.ts': "import { e } from '../../adapters/entities/adapter.entity.js';",
      'src/app.module.ts': "import { s } from './modules/adapters/adapters.service.js';\nexport const m = s;",
      'src/domain/a.spec.ts': "import { it } from 'vitest';\nimport '../../test/support/x.js';\nvoid it;",
    });
    expect(checkImports(root)).toEqual([]);
  });

  it('lets controllers, readers, presenters, indexes and specs know DTOs', () => {
    plant({
      'src/modules/futures/dto/f.dto.ts': 'export class FDto {}',
      'src/modules/futures/f.controller.ts': "import './dto/f.dto.js';",
      'src/modules/futures/readers/f.reader.ts': "import '../dto/f.dto.js';",
      'src/modules/futures/f.presenter.ts': "import './dto/f.dto.js';",
      'src/modules/futures/f.service.spec.ts': "import './dto/f.dto.js';",
      'src/modules/futures/index.ts': "export { FDto } from './dto/f.dto.js';",
      'src/modules/training/dto/t.dto.ts': "import { FDto } from '../../futures/index.js';\nexport const t = FDto;",
      'src/modules/training/t.service.ts': "import { toF } from '../futures/index.js';\nexport const t = toF;",
    });
    expect(checkImports(root)).toEqual([]);
  });

  it.each([
    ['upwards', 'src/domain/a.ts', "import '../common/b.js';", 'src/domain must not know src/common'],
    ['upwards by type', 'src/common/b.ts', "import type { C } from '../config/c.js';", 'must not know src/config'],
    ['upwards by import()', 'src/common/b.ts', "await import('../config/c.js');", 'must not know src/config'],
    ['past an index', 'src/modules/training/t.ts', "import '../futures/operation.js';", 'entered by its index.ts only'],
    ['sideways', 'src/modules/futures/f.ts', "import '../training/index.js';", 'must not know src/modules/training'],
    ['compute to the database', 'src/compute/x.ts', "import '../database/d.js';", 'must not know src/database'],
    ['SQL in compute', 'src/compute/x.ts', "import 'typeorm';", 'know SQL'],
    ['Bull in a module', 'src/modules/futures/f.ts', "import { Queue } from 'bull';", 'JobQueue port'],
    ['a package in the domain', 'src/domain/a.ts', "import 'ulid';", 'uses no packages'],
    ['tests from the service', 'src/domain/a.ts', "import '../../test/support/x.js';", 'does not import its tests'],
    ['the service from an e2e test', 'test/e2e/x.spec.ts', "import '../../src/domain/a.js';", 'by HTTP only'],
    ['the service from an example', 'examples/x.mjs', "import '../src/domain/a.js';", 'by HTTP only'],
    ['a package from an example', 'examples/x.mjs', "import 'thinker/losses';", 'runs with Node alone'],
    ['a package from a loss plugin', 'examples/loss-plugins/x.ts', "import 'ulid';", 'runs with Node alone'],
    ['the service from a migration', 'migrations/1-x.ts', "import '../src/domain/a.js';", 'nothing from src'],
    ['an unknown folder', 'src/stuff/x.ts', "import '../domain/a.js';", 'not in the table of layers'],
  ])('refuses an import %s', (_what, file, content, message) => {
    plant({ [file]: content });
    const faults = checkImports(root);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(`${file}:1`);
    expect(faults[0]).toContain(message);
  });

  it.each([
    ['a DTO in a service', 'src/modules/futures/f.service.ts', "import './dto/f.dto.js';", 'know wire DTOs'],
    ['its type alone', 'src/modules/futures/f.ts', "import type { FDto } from './dto/f.dto.js';", 'know wire DTOs'],
    [
      'a DTO in a service, by an index',
      'src/modules/training/t.service.ts',
      "import { type FDto as F } from '../futures/index.js';",
      'know wire DTOs',
    ],
    [
      'a DTO of the root routes in a reader of another dialect',
      'src/modules/tinker/t.reader.ts',
      "import { type FDto as F } from '../futures/index.js';",
      'does not use the DTOs of another dialect',
    ],
  ])('refuses %s', (_what, file, content, message) => {
    plant({
      'src/modules/futures/dto/f.dto.ts': 'export class FDto {}',
      'src/modules/futures/index.ts': "export { FDto } from './dto/f.dto.js';",
      [file]: content,
    });
    expect(checkImports(root)).toEqual([expect.stringContaining(`${file}:1  imports`)]);
    expect(checkImports(root)[0]).toContain(message);
  });

  it('refuses a circle of files', () => {
    plant({
      'src/domain/a.ts': "import { b } from './b.js';\nexport const a = b;",
      'src/domain/b.ts': "import { a } from './a.js';\nexport const b = a;",
    });
    expect(checkImports(root)).toEqual(['circle of imports: src/domain/a.ts -> src/domain/b.ts -> src/domain/a.ts']);
  });
});

describe('checkTables', () => {
  const TABLES = {
    adapters: { owner: 'src/modules/adapters', others: { 'src/modules/futures': 'one statement' } },
    futures: { owner: 'src/modules/futures', others: {} },
  };
  const ENTITY = "@Entity('adapters')\nexport class AdapterEntity {}";

  beforeEach(() =>
    plant({
      'src/modules/adapters/entities/adapter.entity.ts': ENTITY,
      'src/modules/futures/log.ts': 'const sql = `WITH line AS (SELECT id FROM adapters) UPDATE futures SET a = 1`;',
    }),
  );

  it('accepts the owner, folders with a reason, tests and the files that join everything', () => {
    plant({
      'src/modules/adapters/a.ts': "manager.find(AdapterEntity); manager.query('SELECT FROM adapters');",
      'src/modules/health/h.spec.ts': "query('SELECT FROM adapters');",
      'src/keys-cli.ts': "query('SELECT FROM adapters');",
      'src/modules/health/text.ts': "// FROM adapters\nconst text = 'copied from adapters';",
    });
    expect(checkTables(root, TABLES)).toEqual([]);
  });

  it.each([
    ['a statement', "query('SELECT count(*) FROM adapters');"],
    ['a join', 'query(`SELECT FROM x LEFT JOIN\n adapters adapter ON ${a}`);'],
    ['an update after a hole', 'query(`WITH ${a} UPDATE adapters SET b = 1`);'],
    ['an insert', "query('INSERT INTO adapters VALUES (1)');"],
    ['the repository of its entity', 'class A { constructor(@InjectRepository(AdapterEntity) rows: unknown) {} }'],
    ['its entity', 'manager.delete(AdapterEntity, { id });'],
    ['a table that is put in', "const ALL = ['adapters']; query(`UPDATE ${ALL[0]} SET owner = 1`);"],
  ])('refuses a folder that is not granted a table: %s', (_what, content) => {
    plant({ 'src/modules/health/h.ts': content });
    expect(checkTables(root, TABLES)).toEqual([
      'src/modules/health/h.ts:1  names table adapters, which belongs to src/modules/adapters',
    ]);
  });

  it('refuses an entity outside the list, or of another folder', () => {
    plant({
      'src/modules/usage/u.entity.ts': "@Entity('usage')\nexport class UsageEntity {}",
      'src/modules/usage/f.entity.ts': "@Entity('futures')\nexport class FutureEntity {}",
    });
    expect(checkTables(root, TABLES).sort()).toEqual([
      'src/modules/usage/f.entity.ts  table futures belongs to src/modules/futures',
      'src/modules/usage/u.entity.ts  table usage is not in the list of tables',
    ]);
  });

  it('refuses a grant that nobody uses', () => {
    plant({ 'src/modules/futures/log.ts': 'const sql = `UPDATE futures SET a = 1`;' });
    expect(checkTables(root, TABLES)).toEqual([
      'src/modules/futures does not name table adapters: delete it from the list',
    ]);
  });
});
