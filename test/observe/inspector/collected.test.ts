import tap, { test } from 'tap'
import type { Page } from 'playwright-core'
import { newMessage } from '../../../lib/testing/testing.ts'
import { until } from '../../faults/helpers/until.ts'
import { launch } from './browser.ts'
import { fact, messages, openInspector, rowOf, SLOW, view } from './opened.ts'
import { shows } from './shows.ts'

tap.jobs = 3 // they mostly wait for the browser

const browser = await launch(tap)

const said = (content: string) => newMessage({ message: { content, sender: { name: 'Ada' } }, conversation: { id: 'c' } })
const timeOf = (date: Date | null | undefined) => date?.toLocaleTimeString('en-GB', { timeZone: 'UTC' })
const UTC = { timezoneId: 'UTC' }
const noteOf = async (page: Page, text: string) => await rowOf(page, text).locator('.content small').textContent()

test('what waits for collectors says until when, and is not what others wait for', async (t) => {
  const ids: string[] = []
  const { app, page, misdeeds } = await openInspector(t, browser, {
    context: UTC,
    before: async (app) => {
      app.webhooks.collect('newMessage', { quiet: 600_000, within: 600_000 }, () => {})
      for (const text of ['hey', 'my order']) ids.push((await app.webhooks.receive(said(text))).id)
      await until(async () => (await Promise.all(ids.map(async (id) => await app.webhooks.inbox.get(id)))).every((event) => event?.isCollected))
    }
  })
  const end = async () => timeOf((await app.webhooks.inbox.get(ids.at(-1) ?? ''))?.dueAt)
  // All of it waits for the quiet time of the last one.
  for (const text of ['hey', 'my order']) await shows(t, async () => await noteOf(page, text), `waits for more of its conversation until ${await end()}`)
  await shows(t, async () => await rowOf(page, 'hey').locator('.badge').textContent(), 'pending')
  await page.evaluate(`location.hash = 'event=${ids[0] ?? ''}'`)
  await shows(t, async () => await view(page).locator('.waits-for').textContent(), `Its listeners are through. It waits for more of its conversation until ${await end()}.`)
  await view(page).getByText('No listener has failed, and its collectors are not through with it.').waitFor()
  await shows(t, async () => await view(page).locator('.waits').count(), 0)
  await page.evaluate("location.hash = 'thread=c'")
  for (const i of [0, 1]) await shows(t, async () => await messages(page).nth(i).locator('.waits-for').textContent(), `Its listeners are through. It waits for more of its conversation until ${await end()}.`)
  await shows(t, async () => await page.locator('.held').count(), 0)
  t.same(misdeeds, [])
})

test('a burst that has failed shows its retry, and only what waits for collectors behind it waits for it', async (t) => {
  const { app, page, mended, misdeeds } = await openInspector(t, browser, { context: UTC, options: { retry: SLOW }, hash: 'thread=c' })
  app.webhooks.collect('newMessage', { quiet: 600_000, within: 600_000, most: 2 }, function collector () { if (!mended.is) throw new Error('not yet') })
  const ids: string[] = []
  for (const text of ['hey', 'my order', 'thanks']) ids.push((await app.webhooks.receive(said(text))).id)
  for (const i of [0, 1]) await messages(page).nth(i).locator('.waits', { hasText: /^Next attempt in \d min\. 1 event waits for it\.$/ }).waitFor()
  await messages(page).nth(2).locator('.waits-for', { hasText: /^Waits for Ada: hey, which has failed once; next attempt in \d min$/ }).waitFor()
  await shows(t, async () => await page.locator('.held').textContent(), /^1 event waits for Ada: hey, which has failed once; next attempt in \d min$/)
  await app.webhooks.receive(said('this fails'))
  // It waits for its own listener only.
  await messages(page).nth(3).locator('.waits', { hasText: /^Next attempt in \d min\. $/ }).waitFor()
  await page.evaluate(`location.hash = 'event=${ids[1] ?? ''}'`)
  await view(page).locator('.waits', { hasText: /^1 event of this conversation waits for it$/ }).waitFor()
  await shows(t, async () => await fact(page, 'Next attempt').textContent(), /\(in \d min\)$/)
  await shows(t, async () => await fact(page, 'Error').textContent(), 'collector: not yet')
  await page.evaluate(`location.hash = 'event=${ids[2] ?? ''}'`)
  await view(page).locator('.waits', { hasText: /^Waits for Ada: hey, which has failed once; next attempt in \d min$/ }).waitFor()
  await page.goto(`${page.url().split('#')[0] ?? ''}#`)
  for (const text of ['hey', 'my order']) await shows(t, async () => await noteOf(page, text), /^failed once, next try in \d min: collector: not yet$/)
  await shows(t, async () => await noteOf(page, 'thanks'), `waits for ${ids[0]?.slice(0, 8) ?? ''}, which has failed once`)
  t.same(misdeeds, [])
})

test('once its time has come, it waits for its collectors', async (t) => {
  const atWork = Promise.withResolvers<undefined>()
  const { app, page, misdeeds } = await openInspector(t, browser, { context: UTC })
  app.webhooks.collect('newMessage', { quiet: 1 }, async () => { await atWork.promise })
  await app.webhooks.receive(said('hey'))
  await shows(t, async () => await noteOf(page, 'hey'), 'waits for its collectors')
  atWork.resolve(undefined)
  await rowOf(page, 'hey').locator('.badge.done').waitFor()
  t.same(misdeeds, [])
})
