import pg from 'pg'
import { oneRouteBody } from '../bodies.ts'
import { MANY_CONVERSATIONS } from '../requests.ts'

/** Events that are done, as they would be stored if they had been delivered one by one: that would take minutes. */
export async function fill (url: string, count: number) {
  const { body } = oneRouteBody(MANY_CONVERSATIONS)
  const client = new pg.Client({ connectionString: url, options: '-c search_path=oneroute_webhooks' })
  await client.connect()
  await client.query(`INSERT INTO events (seq, id, lane, name, state, attempts, size, received, finished)
    SELECT nextval('event_seq'), translate(rtrim(encode(sha256(n::text::bytea), 'base64'), '='), '+/', '-_'),
      'conversation-' || n % ${MANY_CONVERSATIONS}, 'newMessage', 1, 1, $2, extract(epoch FROM now()) * 1000, now()
    FROM generate_series(1, $1) n`, [count, Buffer.byteLength(body)])
  await client.query('INSERT INTO bodies SELECT seq, $1 FROM events', [body])
  await client.query('UPDATE totals SET done = done + $1 WHERE shard = 0', [count])
  await client.end()
}
