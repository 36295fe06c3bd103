import { type DynamicModule, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeyAdministrationController } from './administration/key-administration.controller.js';
import { KeyAdministrationService } from './administration/key-administration.service.js';
import { type AppConfig } from '../../config/app-config.js';
import { ApiKeys } from './api-keys.js';
import { ApiKeyEntity } from './entities/api-key.entity.js';
import { SettingEntity } from './entities/setting.entity.js';
import { KeyGate } from './key-gate.js';
import { KeyWindowEntity } from './entities/key-window.entity.js';
import { KeyWindowsRepository } from './limits/key-windows.repository.js';
import { OwnKeyController } from './limits/own-key.controller.js';
import { OwnLimits } from './limits/own-limits.service.js';
import { QuotaGuard } from './limits/quota.guard.js';
import { LinkSigner } from './link-signer.js';
import { OwnKey } from './own-key.js';
import { OwnersController } from './owners/owners.controller.js';
import { OwnersService } from './owners/owners.service.js';
import { ScopeGuard } from './scopes/scope.guard.js';
import { KeySessions } from './sessions/key-sessions.js';
import { KeyUse } from './stored/key-use.js';
import { StorageQuota } from './storage/storage-quota.js';
import { StoredBytesRepository } from './storage/stored-bytes.repository.js';
import { StoredKeys } from './stored/stored-keys.js';

/** API keys, in every role: a worker asks for one at /metrics, but takes no other request that has one. */
@Module({})
export class KeysModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: KeysModule,
      global: true,
      imports: [TypeOrmModule.forFeature([ApiKeyEntity, KeyWindowEntity, SettingEntity])],
      controllers: config.servesApi ? [KeyAdministrationController, OwnersController, OwnKeyController] : [],
      providers: [
        ApiKeys,
        KeyAdministrationService,
        KeyGate,
        KeySessions,
        KeyUse,
        KeyWindowsRepository,
        LinkSigner,
        OwnKey,
        OwnLimits,
        OwnersService,
        StorageQuota,
        StoredBytesRepository,
        StoredKeys,
        { provide: APP_GUARD, useClass: ScopeGuard },
        { provide: APP_GUARD, useClass: QuotaGuard },
      ],
      exports: [ApiKeys, KeyGate, KeySessions, LinkSigner, OwnKey, OwnLimits, StorageQuota],
    };
  }
}
