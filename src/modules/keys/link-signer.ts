import { createHmac, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { SettingEntity } from './entities/setting.entity.js';

/** Signs what a link without a key may be used for, until when. Every process of the service has the same secret. */
@Injectable()
export class LinkSigner {
  private secret: Promise<string> | null = null;

  constructor(@InjectRepository(SettingEntity) private readonly settings: Repository<SettingEntity>) {}

  /** A token that says `subject` until `expires`, safe in a URL path. */
  async sign(subject: string, expires: Date): Promise<string> {
    const payload = Buffer.from(JSON.stringify([subject, expires.getTime()])).toString('base64url');
    return `${payload}.${await this.mac(payload)}`;
  }

  /** The subject; null when the token was not made here, was changed, or is too old. */
  async verify(token: string): Promise<string | null> {
    const [payload = '', mac = ''] = token.split('.');
    const [given, expected] = [Buffer.from(mac), Buffer.from(await this.mac(payload))];
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
    const [subject, expires] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [string, number];
    return expires > Date.now() ? subject : null;
  }

  private async mac(payload: string): Promise<string> {
    this.secret ??= this.settings.findOneByOrFail({ name: 'link_secret' }).then(({ value }) => value);
    const secret = await this.secret.catch((error: unknown) => {
      this.secret = null;
      throw error;
    });
    return createHmac('sha256', secret).update(payload).digest('base64url');
  }
}
