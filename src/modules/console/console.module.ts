import { Module } from '@nestjs/common';
import { ConsoleFiles } from './console-files.js';
import { ConsoleController } from './console.controller.js';
import { SessionController } from './session.controller.js';

/** The web console: its files, and the sessions of the browsers that show it. Its sources are in `console/`. */
@Module({
  controllers: [SessionController, ConsoleController],
  providers: [ConsoleFiles],
})
export class ConsoleModule {}
