import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { loadConfig } from './config/load-config.js';
import { dataSourceOptions } from './data-source.options.js';

/** For the TypeORM command line only: `typeorm -d dist/src/data-source.js migration:show`. */
export default new DataSource(dataSourceOptions(loadConfig()));
