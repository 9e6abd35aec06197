// A process with a listener that saves a row of each event in a transaction: <the variant's name> <the database's address>
import Fastify from 'fastify'
import pg from 'pg'
import webhooks, { type WebhookContext } from '../../dist/index.js'
import { postgresInbox } from '../../dist/lib/inbox/postgres/inbox.js'
import { oneRouteBodies } from '../bodies.ts'
import { settled } from '../servers/settled.ts'
import { serveTurns } from '../serve-turns.ts'
import { completionsVariants, type CompletionsVariant } from './variants.ts'

/** What the events of a turn took, from their arrival until the last is recorded as done. */
export interface CompletionsReport {
  /** Milliseconds. */
  wall: number
  /** Microseconds of this process on a processor. */
  cpu: number
}

/** Transactions at a time: as many connections as a pool of pg has by default. */
const CONNECTIONS = 10

const [given, connectionString = ''] = process.argv.slice(2)
const name = completionsVariants.find(({ name }) => name === given)?.name
if (name === undefined) throw new Error(`no such variant: ${given}`)

const complete = ({
  saved: undefined,
  completed: (client, context) => context.completeIn((sql, values) => client.query(sql, values)),
  noted: (client, { id }) => client.query("INSERT INTO handled VALUES ($1, 'save', now()) ON CONFLICT DO NOTHING", [id])
} satisfies Record<CompletionsVariant['name'], ((client: pg.PoolClient, context: WebhookContext) => Promise<unknown>) | undefined>)[name]

const pool = new pg.Pool({ connectionString, max: CONNECTIONS })
await pool.query(`CREATE TABLE messages (id text, content text);
  CREATE TABLE handled (id text, listener text, at timestamptz, PRIMARY KEY (id, listener))`)
const app = Fastify()
await app.register(webhooks, { inbox: postgresInbox({ connectionString }), concurrency: CONNECTIONS })
app.webhooks.on('newMessage', async function save ({ message }, context) {
  const client = await pool.connect()
  await client.query('BEGIN')
  await client.query('INSERT INTO messages VALUES ($1, $2)', [context.id, message.content])
  await complete?.(client, context)
  await client.query('COMMIT')
  client.release()
})
app.webhooks.on('error', (error) => {
  console.error(error)
  process.exit(1)
})
await app.ready()

serveTurns(turn)

async function turn (events: number) {
  const bodies = oneRouteBodies(events)
  const before = process.cpuUsage()
  const startedAt = performance.now()
  await Promise.all(bodies.map((body) => app.webhooks.receive(body)))
  await settled(app)
  const wall = performance.now() - startedAt
  const { user, system } = process.cpuUsage(before)
  process.send?.({ wall, cpu: user + system } satisfies CompletionsReport)
}
