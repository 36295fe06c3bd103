import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/** What the documentation says of the SDK's fields, against the list that the SDK itself gives (test/sdk/list_fields.py). */
const root = path.join(import.meta.dirname, '..', '..', '..');
const listed = JSON.parse(
  readFileSync(path.join(root, 'test', 'sdk', 'recorded', 'request-fields-0.38.0.json'), 'utf8'),
) as {
  requests: Record<string, Record<string, unknown[]>>;
  protobuf: Record<string, object>;
  loss_fn_inputs: string[];
};
const page = readFileSync(path.join(root, 'docs', 'tinker-compatibility.md'), 'utf8');
const section = page.slice(page.indexOf('## Field by field'));
const openApi = readFileSync(path.join(root, 'openapi.json'), 'utf8');

const quoted = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name!);

interface Row {
  readonly fields: readonly string[];
  readonly verdict: string;
}

/** The rows of each class. */
const rows = new Map<string, Row[]>();
for (const line of section.split('\n').filter((text) => text.startsWith('| `'))) {
  const [, classes, fields, verdict = ''] = line.split('|');
  for (const name of quoted(classes)) {
    rows.set(name, [...(rows.get(name) ?? []), { fields: quoted(fields), verdict: verdict.trim() }]);
  }
}

describe('fields of the SDK', () => {
  it.each(Object.entries(listed.requests))('%s: each is done, refused or ignored for a reason', (name, fields) => {
    const told = (rows.get(name) ?? []).flatMap((row) => row.fields);
    const constant = (field: string) => field === 'type' && !told.includes('type');
    expect(Object.keys(fields).filter((field) => !constant(field) && !told.includes(field))).toEqual([]);
    for (const { verdict } of rows.get(name) ?? []) expect(verdict).toMatch(/^(done|refused|ignored)/);
  });

  it('has no row for a class that the SDK does not have', () => {
    expect([...rows.keys()].filter((name) => !(name in listed.requests))).toEqual([]);
  });

  it('describes in OpenAPI what is done', () => {
    const done = [...rows.values()].flat().filter(({ verdict }) => verdict.startsWith('done'));
    for (const field of done.flatMap(({ fields }) => fields)) expect(openApi, field).toContain(`"${field}"`);
  });

  it('names every loss, every kind and every input that the SDK can send', () => {
    const { ForwardBackwardInput, SaveWeightsForSamplerRequest } = listed.requests;
    const values = [...(ForwardBackwardInput?.['loss_fn'] ?? []), ...(SaveWeightsForSamplerRequest?.['kind'] ?? [])];
    for (const value of values) expect(section).toContain(`\`${String(value)}\``);
    const read = ['advantages', 'logprobs', 'target_tokens', 'weights'];
    for (const input of listed.loss_fn_inputs) {
      if (!read.includes(input)) expect(section, input).toContain(`\`${input}\``);
    }
  });

  it('knows every message that forward_backward is made of', () => {
    const inFile = readFileSync(path.join(root, 'protocol', 'tinker_public.proto'), 'utf8');
    // Those that are skipped with what they belong to: images and provenance.
    const skipped = ['ImageDimensions', 'ProvenanceSpan', 'PromptProvenanceSpan', 'SampledProvenanceSpan'];
    for (const message of Object.keys(listed.protobuf)) {
      if (!skipped.includes(message)) expect(inFile).toContain(`message ${message} {`);
    }
  });
});
