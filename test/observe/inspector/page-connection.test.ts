import tap, { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import { createApp, message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { launch, openPage } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'
import { shows } from './shows.ts'

const browser = await launch(tap)

test('a page whose server was away says since when, keeps what it has, and shows what came in meanwhile', async (t) => {
  const path = temporaryFile(t)
  const { app, page, url } = await openInspector(t, browser, { options: { inbox: sqliteInbox({ path }) } })
  await app.webhooks.receive(message('c', 'before'))
  await rowOf(page, 'before').locator('.badge.done').waitFor()
  await app.close()
  const band = page.getByText(/^The app has not answered since \d\d:\d\d:\d\d \(.*\)\. What you see is as old as that\.$/)
  await band.waitFor()
  await page.getByText('connecting…').waitFor()
  await rowOf(page, 'before').waitFor()
  await page.getByLabel('State').selectOption('done')
  await page.getByText('The app does not answer.').waitFor()
  const { app: next } = await createApp(t, { inbox: sqliteInbox({ path }) })
  next.webhooks.on('newMessage', function answer () {})
  await next.register(inspector, { prefix: '/inspector', authorize: 'loopback' })
  await next.webhooks.receive(message('c', 'meanwhile'))
  await next.listen({ port: Number(new URL(url).port), host: '127.0.0.1' })
  await rowOf(page, 'meanwhile').waitFor()
  await page.getByText('live', { exact: true }).waitFor()
  await band.waitFor({ state: 'detached' })
  await shows(t, async () => await page.locator('.rows .row').count(), 2)
})

test('nothing is said of the inbox before something is known of it', async (t) => {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  const { promise: allowed, resolve: allow } = Promise.withResolvers<undefined>()
  await app.register(inspector, { prefix: '/inspector', authorize: async ({ url }) => { if (url.includes('/api/')) await allowed; return true } })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { page, misdeeds } = await openPage(t, browser, `${url}/inspector/`)
  await page.getByText('Looking…').waitFor()
  const words = await page.locator('#root').textContent() ?? ''
  for (const claim of ['nothing waits', 'nothing fails', 'delivered 0', '0 events', 'No events']) t.notMatch(words, claim)
  allow(undefined)
  await page.getByText('nothing waits').waitFor()
  await page.getByText('No events yet.').waitFor()
  await shows(t, async () => await page.locator('.legend').textContent(), /delivered 0/)
  t.same(misdeeds, [])
})
