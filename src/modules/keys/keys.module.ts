import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeyAdministrationController } from './administration/key-administration.controller.js';
import { KeyAdministrationService } from './administration/key-administration.service.js';
import { ApiKeys } from './api-keys.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { SettingEntity } from './entities/setting.entity.js';
import { KeyGate } from './key-gate.js';
import { KeyUse } from './key-use.js';
import { LinkSigner } from './link-signer.js';
import { OwnKey } from './own-key.js';
import { OwnersController } from './owners/owners.controller.js';
import { OwnersService } from './owners/owners.service.js';
import { ScopeGuard } from './scopes/scope.guard.js';

/** API keys, for the HTTP side. */
@Module({
  imports: [TypeOrmModule.forFeature([ApiKeyEntity, SettingEntity])],
  controllers: [KeyAdministrationController, OwnersController],
  providers: [
    ApiKeys,
    KeyAdministrationService,
    KeyGate,
    KeyUse,
    LinkSigner,
    OwnKey,
    OwnersService,
    { provide: APP_GUARD, useClass: ScopeGuard },
  ],
  exports: [ApiKeys, KeyGate, LinkSigner, OwnKey],
})
export class KeysModule {}
