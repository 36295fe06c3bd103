export { AnthropicModule } from './anthropic.module.js';
