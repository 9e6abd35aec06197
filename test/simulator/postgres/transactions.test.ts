import pg from 'pg'
import fc, { runs } from '../../helpers/property.ts'
import tap, { test } from 'tap'
import { postgresUrl, schemas } from '../../helpers/postgres.ts'
import { ClockedServer } from './clocked-server.ts'
import { TransactionComparison, transactionSteps } from './transactions.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)

test('transactions of apps do in the simulated server what they do in PostgreSQL, and wait for each other as they do there', async (t) => {
  const real = await ClockedServer.open(url, newSchema())
  const clients = [new pg.Client(url), new pg.Client(url)]
  for (const client of clients) await client.connect()
  t.teardown(async () => { for (const connection of [real, ...clients]) await (connection instanceof pg.Client ? connection.end() : connection.close()) })
  await fc.assert(fc.asyncProperty(transactionSteps, async (steps) => {
    await (await TransactionComparison.open(real, clients)).run(steps)
  }), { ...runs(60), endOnFailure: true })
  t.pass()
})
