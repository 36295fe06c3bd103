import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import usualPaths from '../../../scripts/lib/chromium-paths.json' with { type: 'json' };

const root = path.join(import.meta.dirname, '..', '..', '..');
/** Pictures of the pages, for people to look at. */
const PICTURES = path.join(root, '.data', 'screenshots');

export const CHROMIUM = [process.env['CHROME_PATH'], ...usualPaths].find(
  (file) => file !== undefined && existsSync(file),
);
export const needsChromium =
  CHROMIUM === undefined ? ' (skipped: needs Chromium, see CHROME_PATH in docs/console.md)' : '';

export function startBrowser(): Promise<Browser> {
  // The sandbox needs rights that root and containers do not have.
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** Collects what a page complains about: a script that fails, or something that its policy has stopped. */
export function complaintsOf(context: BrowserContext): string[] {
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(error.error().message));
  context.on('console', (message) => {
    // The browser itself logs each refused request; what the page makes of it is looked at.
    const isRefusal = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
  });
  return complaints;
}

export async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`), fullPage: true });
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What axe finds on the page against WCAG 2.2 AA: the rule, and the elements at fault. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)}, resultTypes: ['violations'] })`;
  const { violations } = await page.evaluate<AxeResults>(run);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}
