/** The one door to the package in clients/typescript: the command uses it as any program would. */
export * from '../../../clients/typescript/src/index.js';
