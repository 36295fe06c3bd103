/** What the folder of a file holds in the file store. */
export const contentPath = (id: string): string => `${id}/content`;
/** Its rows, one JSON text per line: {"at": <line or row>, "example": {...}}. */
export const rowsPath = (id: string): string => `${id}/rows`;
/** Where they end. */
export const indexPath = (id: string): string => `${id}/index`;
