/**
 * Says, by being there, that the database's schema is up to date. What keeps the thread busy for seconds at the start is
 * to wait for it: Postgres would end a migration that nobody goes on with.
 */
export class SchemaReady {}
