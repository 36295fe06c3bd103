import 'reflect-metadata';
import { type ArgumentMetadata } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsArray, IsInt, IsNumber, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { AcceptsUnknownFields } from './accepts-unknown-fields.js';
import { RequestValidationPipe } from './request-validation.pipe.js';

class Row {
  @IsArray()
  @IsNumber({}, { each: true })
  tokens!: number[];
}

class Body {
  @IsString()
  name!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  rank?: number;

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Row)
  rows?: Row[];

  @IsOptional()
  data?: unknown;
}

@AcceptsUnknownFields()
class LenientBody extends Body {}

const pipe = new RequestValidationPipe();
const asBody: ArgumentMetadata = { type: 'body', metatype: Body };

/** An array that counts how often its numbers are read. */
function counted(length: number): { array: number[]; reads: () => number } {
  let reads = 0;
  const array = new Proxy(
    Array.from({ length }, (_, i) => i / 7),
    {
      get: (target, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) reads++;
        return Reflect.get(target, key) as unknown;
      },
    },
  );
  return { array, reads: () => reads };
}

describe('the validation of requests', () => {
  it('reads each of 100,000 numbers once and hands over the same arrays', async () => {
    const [rows, data] = [counted(50_000), counted(50_000)];
    const body = { name: 'x', rows: [{ tokens: rows.array }], data: { logprobs: { data: data.array } } };
    const result = (await pipe.transform(body, asBody)) as Body;
    expect(result).toBeInstanceOf(Body);
    expect(result.rows?.[0]).toBeInstanceOf(Row);
    expect(result.rows?.[0]?.tokens).toBe(rows.array);
    expect((result.data as { logprobs: { data: number[] } }).logprobs.data).toBe(data.array);
    // One look to see that it is an array of numbers, one for the placeholder, one per number to see that it is finite.
    expect(rows.reads()).toBeLessThanOrEqual(50_002);
    expect(data.reads()).toBeLessThanOrEqual(50_002);
  });

  it('names the element that is not a finite number', async () => {
    const tokens: unknown[] = Array.from({ length: 100 }, (_, i) => i);
    tokens[70] = 'x';
    await expect(pipe.transform({ name: 'x', rows: [{ tokens: [1] }, { tokens }] }, asBody)).rejects.toMatchObject({
      code: 'invalid_request',
      details: { field: 'rows[1].tokens[70]' },
    });
    tokens[70] = Infinity;
    await expect(pipe.transform({ name: 'x', data: [tokens] }, asBody)).rejects.toMatchObject({
      details: { field: 'data[0][70]' },
    });
  });

  it('names fields by their path, all of them', async () => {
    const body = { rank: 0, rows: [{ tokens: [1] }, { tokens: ['a'] }] };
    await expect(pipe.transform(body, asBody)).rejects.toMatchObject({
      category: 'user',
      status: 400,
      details: {
        problems: [
          { field: 'name', message: 'name must be a string, but is missing' },
          { field: 'rank', message: 'rank must not be less than 1, but is 0' },
          { field: 'rows[1].tokens', message: expect.stringContaining('rows[1].tokens') as string },
        ],
      },
    });
  });

  it('says one thing about a value of the wrong type', async () => {
    await expect(pipe.transform({ name: 'x', rank: '8', rows: [5] }, asBody)).rejects.toMatchObject({
      details: {
        remedy: expect.stringContaining('/docs') as string,
        problems: [
          { field: 'rank', message: "rank must be an integer number, but is '8'" },
          { field: 'rows[0]', message: 'rows[0] must be an object, but is 5' },
        ],
      },
    });
  });

  it('refuses unknown fields, deep ones too, unless the DTO accepts them', async () => {
    const body = { name: 'x', rnak: 8, rows: [{ tokens: [1], extra: 1 }] };
    await expect(pipe.transform(body, asBody)).rejects.toMatchObject({
      message: expect.stringMatching(
        /^rnak is not a field of this request\. Did you mean rank\? \(and 1 more/,
      ) as string,
      details: { problems: [{ field: 'rnak' }, { field: 'rows[0].extra' }] },
    });
    await expect(pipe.transform({ name: 'x', rnak: 8 }, asBody)).rejects.toMatchObject({
      message: 'rnak is not a field of this request. Did you mean rank?',
    });
    const result = await pipe.transform(body, { type: 'body', metatype: LenientBody });
    expect(result).toEqual({ name: 'x', rows: [{ tokens: [1] }] });
  });

  it('answers with no more than a few words of keys that nobody knows, and with no more than 50 of them', async () => {
    const rows = Array.from({ length: 100 }, () => ({ tokens: [1], extra: 1 }));
    const body = { name: 'x', ['y'.repeat(1e6)]: 1, rows };
    const error = await pipe.transform(body, asBody).catch((refusal: unknown) => refusal);
    expect(error).toMatchObject({ message: expect.stringMatching(/^y{80}\.\.\. is not .* \(and 100 more/) as string });
    expect(JSON.stringify(error).length).toBeLessThan(10_000);
  });

  it('refuses a missing body with the header to send', async () => {
    await expect(pipe.transform(undefined, asBody)).rejects.toMatchObject({
      details: { remedy: expect.stringContaining('Content-Type: application/json') as string },
    });
  });

  it('lets keys that lead to shared objects lead nowhere', async () => {
    const numbers = JSON.stringify(Array.from({ length: 40 }, () => 1));
    const body: unknown = JSON.parse(`{"name": "x", "data": {"__proto__": {"polluted": ${numbers}}}}`);
    await pipe.transform(body, asBody);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});
