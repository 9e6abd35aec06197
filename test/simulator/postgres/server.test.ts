import fc, { runs } from '../../helpers/property.ts'
import tap, { test } from 'tap'
import { postgresUrl, schemas } from '../../helpers/postgres.ts'
import { ClockedServer } from './clocked-server.ts'
import { Comparison, steps } from './comparison.ts'


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
  }), { ...runs(60), endOnFailure: true })
  t.comment(`${NUM_RUNS} sequences of calls, seed ${SEED}`)
  t.pass()
})
