import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ProcessPool } from '../../common/threads/process-pool.js';
import { ThreadPool } from '../../common/threads/thread-pool.js';
import { StorageModule } from '../../storage/storage.module.js';
import { FileEntity } from './entities/file.entity.js';
import { FileCleanup } from './file-cleanup.js';
import { FilesController } from './files.controller.js';
import { FilesService } from './files.service.js';
import { FileRepository } from './repositories/file.repository.js';

/** Files as such, for the API and for workers. */
@Module({
  imports: [TypeOrmModule.forFeature([FileEntity]), StorageModule],
  providers: [
    FilesService,
    FileRepository,
    // Threads of its own: a check may take many seconds, and other requests need the common ones.
    ThreadPool,
    ProcessPool,
  ],
  exports: [FilesService, FileRepository, StorageModule],
})
export class FileLibraryModule {}

/** Files with their routes. */
@Module({ imports: [FileLibraryModule], controllers: [FilesController], providers: [FileCleanup] })
export class FilesModule {}
