import tap, { test } from 'tap'
import type { Page } from 'playwright-core'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message, turns } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { launch } from './browser.ts'
import { fact, messages, openInspector, rowOf, SLOW, view } from './opened.ts'

tap.setTimeout(120_000)

const browser = await launch(tap)

const textsOf = async (page: Page) => await page.locator('.thread .message > .text').allTextContents()

test('what keeps failing says what waits for it, and what waits says for what', async (t) => {
  const ids: string[] = []
  const { page, app, misdeeds, mended } = await openInspector(t, browser, {
    options: { retry: SLOW },
    before: async (app) => {
      for (const content of ['it fails', 'one', 'two']) ids.push((await app.webhooks.receive(newMessage({ message: { content, sender: { name: 'Ada' } }, conversation: { id: 'c-1' } }))).id)
      while ((await app.webhooks.inbox.stats()).failing === 0) await new Promise((resolve) => { setImmediate(resolve) })
    }
  })
  await rowOf(page, 'it fails').first().waitFor()
  await page.evaluate(`location.hash = 'event=${ids[0] ?? ''}'`)
  t.equal(await view(page).locator('.waits').textContent(), '2 events of this conversation wait for it')
  t.match(await fact(page, 'Next attempt').textContent(), /^\d+ \w+ \d{4}, .* \(in \d min\)$/)
  await app.webhooks.receive(message('c-1', 'three'))
  await view(page).locator('.waits', { hasText: /^3 events/ }).waitFor()
  await page.evaluate(`location.hash = 'event=${ids[1] ?? ''}'`)
  await view(page).locator('.waits', { hasText: /^Waits for Ada: it fails, which has failed once; next attempt in \d min2 events of this conversation wait behind it$/ }).waitFor()
  await view(page).locator('.waits a', { hasText: 'Ada: it fails' }).click()
  await view(page).locator('.said-in-full .text', { hasText: 'it fails' }).waitFor()
  await page.goBack()
  await view(page).locator('.said-in-full .text', { hasText: 'one' }).waitFor()
  mended.is = true
  t.same(misdeeds, [])
})

test('an event that has left its conversation says that nothing waits for it', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, { options: { inbox: new ModelInbox(), retry: { ...SLOW, blockFor: 0 } } })
  const { id } = await app.webhooks.receive(message('c', 'it fails'))
  await app.webhooks.receive(message('c', 'fine'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  await view(page).locator('.waits', { hasText: /^Nothing waits for it/ }).waitFor()
  await view(page).getByRole('link', { name: 'Show the conversation' }).click()
  await page.locator('.message.pending .waits', { hasText: 'Nothing waits for it' }).waitFor()
  await page.locator('.message.done', { hasText: 'fine' }).waitFor()
  t.same(misdeeds, [])
})

test('what is pending shows what it waits for, and goes on once that is through', async (t) => {
  const { app, page, mended, misdeeds } = await openInspector(t, browser, { options: { retry: SLOW }, hash: 'thread=c' })
  await app.webhooks.receive(newMessage({ message: { content: 'it fails', sender: { name: 'Ada' } }, conversation: { id: 'c' } }))
  for (const content of ['one', 'two']) await app.webhooks.receive(message('c', content))
  await messages(page).nth(0).locator('.waits', { hasText: /^Next attempt in \d min\. 2 events wait for it\.$/ }).waitFor()
  t.match(await messages(page).nth(0).textContent(), /broken by <b>8<\/b>/)
  t.match(await page.locator('.held').textContent(), /^2 events wait for Ada: it fails, which has failed once; next attempt in \d min$/)
  t.equal(await page.locator('.held a').getAttribute('href'), await messages(page).nth(0).getByRole('link').getAttribute('href'))
  const [edge, badge] = await page.evaluate<string[]>("[getComputedStyle(document.querySelector('.message')).borderLeftColor, getComputedStyle(document.querySelector('.message .badge')).color]")
  t.equal(edge, badge, 'what fails has one colour')
  for (const i of [1, 2]) t.match(await messages(page).nth(i).textContent(), /Waits for Ada: it fails, which has failed once; next attempt in \d min$/)
  mended.is = true
  await app.webhooks.inbox.discard((await app.webhooks.inbox.find({ failing: true })).ids)
  await messages(page).nth(1).locator('.badge.done').waitFor()
  t.same(await textsOf(page), ['one', 'two'])
  t.equal(await page.getByText('Waits for').count() + await page.locator('.held').count(), 0)
  t.same(misdeeds, [])
})

test('what waits for an event that is not shown says so', async (t) => {
  const ids: string[] = []
  const { page, misdeeds } = await openInspector(t, browser, {
    options: { retry: SLOW },
    hash: 'thread=c',
    before: async (app) => {
      ids.push((await app.webhooks.receive(message('c', 'it fails'))).id)
      while ((await app.webhooks.inbox.stats()).failing === 0) await turns()
      for (let i = 1; i <= 100; i++) await app.webhooks.receive(message('c', `number ${i}.`))
    }
  })
  const first = messages(page).first()
  await first.getByText('Waits for an earlier event, which has failed once; next attempt in').waitFor()
  t.match(await page.locator('.held').textContent(), /^100 or more events wait for an earlier event, which has failed once; next attempt in \d min$/)
  t.equal(await page.evaluate("document.querySelector('.held').getBoundingClientRect().bottom < innerHeight"), true, 'it is in sight')
  await page.locator('.held').getByRole('link', { name: 'an earlier event' }).click()
  await page.locator('.event-view .waits', { hasText: '100 events of this conversation wait for it' }).waitFor()
  t.match(page.url(), `event=${ids[0]}`)
  t.same(misdeeds, [])
})

/** When the page asked for the event, in milliseconds. */
const ASKED = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/events/')).map(({ startTime }) => startTime)"

test('an open event is read again at once when something becomes of it, and now and then while its conversation is busy', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { retry: SLOW } })
  const { id } = await app.webhooks.receive(message('c', 'it fails'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  await fact(page, 'Next attempt').waitFor()
  await page.evaluate('performance.clearResourceTimings()')
  for (let times: number[] = [], i = 1; times.length < 3; i++) {
    await app.webhooks.receive(message('c', `number ${i}`))
    await page.getByText(`${i} new`, { exact: true }).waitFor()
    times = await page.evaluate<number[]>(ASKED)
    for (const [i, time] of times.slice(1).entries()) t.ok(time - (times[i] ?? 0) >= 1_990, `${time - (times[i] ?? 0)} ms`)
  }
  t.same(misdeeds, [])
})
