import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ApiKeys } from './api-keys.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { SettingEntity } from './entities/setting.entity.js';
import { KeyGate } from './key-gate.js';
import { LinkSigner } from './link-signer.js';
import { OwnKey } from './own-key.js';
import { OwnersController } from './owners/owners.controller.js';
import { OwnersService } from './owners/owners.service.js';

/** API keys, for the HTTP side. */
@Module({
  imports: [TypeOrmModule.forFeature([ApiKeyEntity, SettingEntity])],
  controllers: [OwnersController],
  providers: [ApiKeys, KeyGate, LinkSigner, OwnKey, OwnersService],
  exports: [ApiKeys, KeyGate, LinkSigner, OwnKey],
})
export class KeysModule {}
