/** What a backup consists of: a folder with these three files. The manifest is written last, so it marks a whole backup. */
export const DATABASE_FILE = 'database.dump';
export const DATA_FILE = 'data.tar';
export const MANIFEST_FILE = 'manifest.json';

/** The folders of DATA_DIR that rows refer to. The others (weights, logs) are made again. */
export const STORES = ['checkpoints', 'files'];
