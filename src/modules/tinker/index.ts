export { TinkerModule } from './tinker.module.js';
