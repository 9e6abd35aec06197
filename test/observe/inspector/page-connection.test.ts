import tap, { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import { createApp, message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { launch, openPage } from './browser.ts'
import { addShortLived } from './inspected.ts'
import { openInspector, rowOf } from './opened.ts'

tap.setTimeout(120_000)

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
  t.equal(await page.locator('.rows .row').count(), 2)
})

test('a page asks anew in time, misses nothing, and is told no more once nobody may look', async (t) => {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  let mayLook = true
  await addShortLived(app, () => mayLook, 1_500)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { page, misdeeds } = await openPage(t, browser, `${url}/inspector/`)
  const streams: string[] = []
  page.on('request', (request) => { if (request.url().endsWith('/api/stream')) streams.push(request.url()) })
  await page.getByText('live', { exact: true }).waitFor()
  await page.evaluate("new MutationObserver(() => { window.wasCut ||= document.querySelector('.link').textContent !== 'live' }).observe(document.querySelector('.top'), { subtree: true, characterData: true, childList: true })")
  let count = 0
  while (streams.length < 3) {
    await app.webhooks.receive(message('c', `number ${++count}.`))
    await page.evaluate('new Promise(requestAnimationFrame)')
  }
  await page.locator('.foot', { hasText: new RegExp(`^${count.toLocaleString('en')} events?`) }).waitFor()
  t.equal(await page.evaluate('window.wasCut'), undefined)
  t.same(misdeeds, [])
  mayLook = false
  await page.getByText('The app does not let this page look any more. Load it again, and log in if it asks you to.').waitFor()
  t.equal(await page.getByText('not connected').count(), 1)
})

test('when a session ends, the page says to log in again, and that it is not live', async (t) => {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  app.webhooks.on('newMessage', function answer () {})
  let isOver = false
  await app.register(inspector, { prefix: '/inspector', authorize: () => { if (isOver) throw Object.assign(new Error('who are you?'), { statusCode: 401 }); return true } })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { page } = await openPage(t, browser, `${url}/inspector/`)
  await page.getByText('live', { exact: true }).waitFor()
  await app.webhooks.receive(message('c', 'before'))
  await rowOf(page, 'before').waitFor()
  isOver = true
  await page.getByLabel('State').selectOption('dead')
  await page.getByText('The app does not let you look any more: load the page again, and log in if it asks you to.').waitFor()
  await page.getByText('not connected', { exact: true }).waitFor()
  await page.getByText('The app does not let this page look any more.').waitFor()
  t.equal(await rowOf(page, 'before').count(), 0, 'what does not fit is not shown')
  for (const verb of ['Replay', 'Discard', 'Export']) t.equal(await page.getByRole('button', { name: `${verb} all that fit` }).isDisabled(), true, verb)
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
  t.match(await page.locator('.legend').textContent(), 'delivered 0')
  t.same(misdeeds, [])
})
