import { randomInt } from 'node:crypto'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import { postgresInbox } from '../../../lib/inbox/postgres/inbox.ts'
import { createApp } from '../../helpers/app.ts'
import { openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../../inbox/conformance.ts'
import { job } from '../helpers/client.ts'
import { conversationOf } from '../helpers/inbox.ts'
import { randomFrom } from '../../../lib/cli/send/chaos/random.ts'
import { until } from '../helpers/until.ts'

const APPS = 6
const ROUNDS = 20
const LANES = 10

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** What was answered, or the error. */
async function said (add: () => Promise<string>): Promise<string> {
  return await add().catch(String)
}

/** Apps that have all the same conversations. */
async function startApps (t: Test, onEvent: (conversation: string) => void) {
  const schema = newSchema()
  return await Promise.all(numbers(APPS).map(async () => {
    const inbox = postgresInbox({ pool: openPool(t, url), schema })
    const { app } = await createApp(t, { inbox })
    app.webhooks.on('event', (event) => { onEvent(conversationOf(event)) })
    await app.ready()
    return { app, inbox }
  }))
}

test(`${APPS} processes add to the same conversations at once, in any order: none is refused, none is lost`, async (t) => {
  const seed = Number(process.env.FAULTS_SEED ?? randomInt(2 ** 31))
  const random = randomFrom(seed)
  const at = `seed ${seed}: FAULTS_SEED=${seed} tries it again`
  let heard = 0
  const apps = await startApps(t, () => { heard++ })
  const shuffled = () => numbers(LANES).sort(() => random() - 0.5)
  const adding = apps.flatMap(async ({ app, inbox }, i) => {
    const statuses: string[] = []
    for (const round of numbers(ROUNDS)) {
      statuses.push(...await Promise.all(shuffled().flatMap((lane) => [
        // One of its own, one that all of them get, and one that is kept although it is invalid.
        said(async () => (await app.webhooks.receive(job(`${lane}`, round, { text: `of app ${i}` }))).status),
        said(async () => (await app.webhooks.receive(job(`${lane}`, round))).status),
        said(async () => await inbox.add(newEvent(`${lane}`, { id: `invalid ${lane} ${round}`, state: 'invalid', problems: ['as it was told'] })))
      ])))
    }
    return statuses
  })
  const statuses = Object.groupBy((await Promise.all(adding)).flat(), (status) => status)
  const perApp = ROUNDS * LANES
  t.same(Object.entries(statuses).map(([status, all]) => `${all?.length ?? 0} ${status}`).sort(),
    [`${(APPS + 2) * perApp} accepted`, `${2 * (APPS - 1) * perApp} duplicate`].sort(), at)
  await until(async () => (await apps[0]?.inbox.stats())?.pending === 0)
  t.match(await apps[0]?.inbox.stats(), { done: (APPS + 1) * perApp, dead: 0, invalid: perApp })
  t.equal(heard, (APPS + 1) * perApp, at)
})
