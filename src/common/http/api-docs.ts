import { applyDecorators, type Type } from '@nestjs/common';
import { ApiBody, ApiOperation } from '@nestjs/swagger';

interface PostDocs {
  readonly summary: string;
  /** The command to paste into a shell is added to it. */
  readonly description: string;
  readonly type: Type;
  /**
   * Whole bodies that work as they stand, by what they show; the first one is the command's. Without them Swagger UI
   * would send the examples of all fields together, which no route takes.
   */
  readonly examples: Readonly<Record<string, object>>;
}

/** Describes a POST route that takes JSON, for Swagger UI. */
export function ApiPost(route: string, { summary, description, type, examples }: PostDocs): MethodDecorator {
  const [first] = Object.values(examples);
  const command =
    `curl -X POST http://127.0.0.1:8000/${route} -H "Content-Type: application/json" ` +
    `-d '${JSON.stringify(first)}'`;
  return applyDecorators(
    ApiOperation({ summary, description: `${description} Example: \`${command}\`` }),
    ApiBody({
      type,
      examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { summary: name, value }])),
    }),
  );
}
