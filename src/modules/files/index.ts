export { type FileEntity, type FilePurpose } from './entities/file.entity.js';
export { FileNotFoundError } from './errors/file.errors.js';
export { FileLibraryModule, FilesModule } from './files.module.js';
export { FilesService } from './files.service.js';
export { type TrainingFile } from './rows/training-file.js';
