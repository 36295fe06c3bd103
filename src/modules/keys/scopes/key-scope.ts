/** What a key may be allowed to do. `read` covers the GETs of what the key owns, `train` whatever changes something. */
export const KEY_SCOPES = ['train', 'sample', 'read'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];
