import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { LargeBody } from '../../../common/http/bodies/large-body.js';
import { RequestValidationPipe } from '../../../common/http/validation/request-validation.pipe.js';
import { readObject } from '../../../common/json/json-fields.js';
import { ThreadPool } from '../../../common/threads/thread-pool.js';
import { READ_LARGE_HEAD } from '../readers/large-batch.reader.js';
import { type ForwardBody, ForwardFieldsDto } from './forward.dto.js';

/**
 * Takes the two large fields out of a training request and checks the rest as usual: class-transformer would spend tens
 * of milliseconds walking them, and they have their own readers.
 */
@Injectable()
export class ForwardBodyPipe implements PipeTransform<unknown, Promise<ForwardBody>> {
  private readonly validation = new RequestValidationPipe();

  constructor(private readonly threads: ThreadPool) {}

  async transform(value: unknown, metadata: ArgumentMetadata): Promise<ForwardBody> {
    if (!(value instanceof LargeBody)) return this.read(value, metadata);
    const { head, bytes } = await this.threads.run(READ_LARGE_HEAD, value.bytes, [value.bytes.buffer]);
    return { ...(await this.read(head, metadata)), bytes };
  }

  private async read(value: unknown, metadata: ArgumentMetadata): Promise<ForwardBody> {
    const body = readObject(value, 'body', 'Send a JSON object with the header Content-Type: application/json.');
    const { data, loss_fn_inputs: lossFnInputs, ...rest } = body;
    const fields = await this.validation.transform(rest, { ...metadata, type: 'body', metatype: ForwardFieldsDto });
    return { fields: fields as ForwardFieldsDto, data, lossFnInputs };
  }
}
