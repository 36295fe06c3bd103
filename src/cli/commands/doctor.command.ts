import { Command } from 'commander';
import { loadServiceSettings } from '../../config/cli-config.js';
import { ConfigError } from '../../config/config.error.js';
import { EXIT } from '../errors/cli.error.js';
import { type CliContext, handler } from '../context.js';
import { type Finding, ok, problem } from '../doctor/check.js';
import { checkDisk, checkEngine, checkMemory, checkNode, checkTorch } from '../doctor/machine.checks.js';
import { checkPostgres, checkRedis, checkService } from '../doctor/service.checks.js';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('check what the service needs, and say what is missing and what to do')
    .addHelpText('after', '\nThe exit code is 1 if there is a problem.')
    .action(handler(doctor));
}

async function doctor({ output, url, connect }: CliContext): Promise<void> {
  const findings = [checkNode(), checkMemory(), ...(await checkSettings()), ...(await checkService(url, connect))];
  const problems = findings.filter(({ status }) => status === 'problem').length;
  if (problems > 0) process.exitCode = EXIT.failed;
  const { green, yellow, red, dim } = output.colors;
  const marks = { ok: green('✓'), warning: yellow('!'), problem: red('✗') };
  const width = findings.reduce((longest, { name }) => Math.max(longest, name.length), 0);
  output.result({ problems, checks: findings }, () =>
    findings
      .flatMap(({ name, status, detail, remedy }) => [
        `${marks[status]} ${name.padEnd(width)}  ${detail}`,
        ...(remedy === undefined ? [] : [`  ${' '.repeat(width)}  ${dim(remedy)}`]),
      ])
      .join('\n'),
  );
}

/** What depends on the settings, if those are valid. */
async function checkSettings(): Promise<Finding[]> {
  try {
    const settings = loadServiceSettings();
    const { config } = settings;
    const found = [checkDisk(config), checkTorch(config), checkPostgres(settings), checkRedis(settings)];
    return [ok('Settings', 'valid'), ...(await checkEngine(config)), ...(await Promise.all(found))];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [problem('Settings', error.problems.join('; '), 'Correct the environment or the file .env.')];
  }
}
