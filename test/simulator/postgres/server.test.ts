import fc from 'fast-check'
import tap, { test } from 'tap'
import { postgresUrl, schemas } from '../../helpers/postgres.ts'
import { ClockedServer } from './clocked-server.ts'
import { Comparison, steps } from './comparison.ts'

/** More of them, or others: PROPERTY_RUNS=2000 PROPERTY_SEED=2. */
const NUM_RUNS = Number(process.env.PROPERTY_RUNS ?? 60)
const SEED = Number(process.env.PROPERTY_SEED ?? 1)

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)

test('the simulated server answers and stores what PostgreSQL does, whatever is called', async (t) => {
  const real = await ClockedServer.open(url, newSchema())
  t.teardown(async () => { await real.close() })
  await fc.assert(fc.asyncProperty(steps, async (steps) => {
    await real.begin()
    try {
      await new Comparison(real).run(steps)
    } finally {
      await real.rollback()
    }
  }), { numRuns: NUM_RUNS, seed: SEED, endOnFailure: true })
  t.comment(`${NUM_RUNS} sequences of calls, seed ${SEED}`)
  t.pass()
})
