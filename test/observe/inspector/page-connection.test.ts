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
  await page.getByText('The server tells no more: load the page again').waitFor()
  t.equal(await page.getByText('connecting…').count(), 1)
})
