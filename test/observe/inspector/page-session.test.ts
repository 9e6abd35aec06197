import tap, { test } from 'tap'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import { createApp, message } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { launch, openPage } from './browser.ts'
import { addShortLived } from './inspected.ts'
import { rowOf } from './opened.ts'
import { shows } from './shows.ts'

const browser = await launch(tap)

test('a page asks anew in time, misses nothing, and is told no more once nobody may look', async (t) => {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  let mayLook = true
  // The page has seconds to ask anew, however slow the machine is.
  await addShortLived(app, () => mayLook, { lifetime: 3_000, renewAfter: 500 })
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
  await page.getByText('not connected').waitFor()
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
  await shows(t, async () => await rowOf(page, 'before').count(), 0, 'what does not fit is not shown')
  for (const verb of ['Replay', 'Discard', 'Export']) await shows(t, async () => await page.getByRole('button', { name: `${verb} all that fit` }).isDisabled(), true, verb)
})
