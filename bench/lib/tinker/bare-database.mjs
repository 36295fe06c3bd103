import pg from 'pg';

/** What a durable future costs in Postgres alone: a row in, its result and a notification, a look at the result. */
export class BareDatabase {
  #client;
  #listener;
  #next = 0;

  static async connect(databaseUrl) {
    const database = new BareDatabase();
    database.#client = new pg.Client({ connectionString: databaseUrl });
    database.#listener = new pg.Client({ connectionString: databaseUrl });
    await Promise.all([database.#client.connect(), database.#listener.connect()]);
    await database.#client.query('CREATE TABLE bare (id bigint PRIMARY KEY, payload text, result text)');
    await database.#listener.query('LISTEN bare');
    return database;
  }

  /** INSERT, then UPDATE with NOTIFY, each committed; then, when told, SELECT. */
  async roundTrip() {
    const id = ++this.#next;
    const told = new Promise((resolve) => this.#listener.once('notification', resolve));
    await this.#client.query('INSERT INTO bare VALUES ($1, $2)', [id, 'payload']);
    await this.#client.query(
      `WITH done AS (UPDATE bare SET result = $2 WHERE id = $1 RETURNING id)
       SELECT pg_notify('bare', id::text) FROM done`,
      [id, 'result'],
    );
    await told;
    await this.#client.query('SELECT result FROM bare WHERE id = $1', [id]);
  }

  async close() {
    await Promise.all([this.#client.end(), this.#listener.end()]);
  }
}
