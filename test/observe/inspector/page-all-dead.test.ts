import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector } from './opened.ts'
import { says } from './shows.ts'

const browser = await launch(tap)

test('all dead events are replayed once one has said yes to how many', async (t) => {
  const { app, page, mended, settled, misdeeds } = await openInspector(t, browser)
  for (let i = 0; i < 3; i++) await app.webhooks.receive(message(`c-${i}`, `it fails ${i}`))
  await settled()
  mended.is = true
  await page.getByRole('button', { name: 'Replay all dead' }).click()
  await page.getByRole('heading', { name: 'Replay 3 events?' }).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  t.match(await app.webhooks.inbox.stats(), { dead: 3 })
  await page.getByRole('button', { name: 'Replay all dead' }).click()
  await page.getByRole('button', { name: 'Replay 3 events' }).click()
  await says(page, '3 events put back')
  await settled()
  t.match(await app.webhooks.inbox.stats(), { dead: 0, done: 3 })
  t.same(misdeeds, [])
})

test('all dead events are discarded once one has said yes to how many', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 2_000 }) } })
  await Promise.allSettled(Array.from({ length: 1_100 }, async (_, i) => await app.webhooks.receive(message(`c-${i}`, `it fails ${i}`))))
  await app.webhooks.receive(message('c-1', 'fine'))
  await settled()
  await page.getByRole('button', { name: 'Discard all dead' }).click()
  await page.getByRole('heading', { name: 'Discard 1,100 events?' }).waitFor()
  await page.getByRole('button', { name: 'Discard 1,100 events' }).click()
  await says(page, '1,100 events discarded')
  await page.locator('.foot', { hasText: '1 event' }).waitFor()
  t.match(await app.webhooks.inbox.stats(), { dead: 0, done: 1 })
  t.same(misdeeds, [])
})

for (const [verb, said, kept] of [['Replay', '1 of 3 events put back', 3], ['Discard', '1 of 3 events discarded', 2]] as const) {
  test(`${verb} of all that fit leaves alone what a colleague has changed since`, async (t) => {
    const { app, page, mended, settled, misdeeds } = await openInspector(t, browser)
    const ids: string[] = []
    for (let i = 0; i < 3; i++) ids.push((await app.webhooks.receive(message(`c-${i}`, `it fails ${i}`))).id)
    await settled()
    let deliveries = 0
    app.webhooks.on('newMessage', function count () { deliveries++ })
    await page.getByRole('button', { name: `${verb} all dead` }).click()
    await page.getByRole('heading', { name: `${verb} 3 events?` }).waitFor()
    mended.is = true
    await app.webhooks.inbox.replay(ids.slice(0, 2), { all: true })
    await settled()
    await page.getByRole('button', { name: `${verb} 3 events` }).click()
    await says(page, said)
    await settled()
    t.match(await app.webhooks.inbox.stats(), { dead: 0, done: kept })
    t.equal(deliveries, kept, 'each once')
    t.same(misdeeds, [])
  })
}

test('when something goes wrong half-way, the page says how far it came', async (t) => {
  const { app, page } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 1_000 }) } })
  await Promise.allSettled(Array.from({ length: 700 }, async (_, i) => await app.webhooks.receive(message(`c-${i}`, `it fails ${i}`))))
  let asked = 0
  await page.route('**/api/discard', async (route) => { await (++asked === 2 ? route.abort() : route.continue()) })
  await page.getByRole('button', { name: 'Discard all dead' }).click()
  await page.getByRole('button', { name: 'Discard 700 events' }).click()
  await says(page, '500 of 700 events discarded, then: The app does not answer.')
  t.match(await app.webhooks.inbox.stats(), { dead: 200 })
})
