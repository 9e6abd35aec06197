import tap, { test } from 'tap'
import type { Page } from 'playwright-core'
import { newMessage } from '../../../lib/testing/testing.ts'
import { until } from '../../faults/helpers/until.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { messages, openInspector, SLOW } from './opened.ts'
import { leadsTo, shows } from './shows.ts'

const browser = await launch(tap)

const textsOf = async (page: Page) => await page.locator('.thread .message > .text').allTextContents()

test('what is pending shows what it waits for, and goes on once that is through', async (t) => {
  const { app, page, mended, misdeeds } = await openInspector(t, browser, { options: { retry: SLOW }, hash: 'thread=c' })
  await app.webhooks.receive(newMessage({ message: { content: 'it fails', sender: { name: 'Ada' } }, conversation: { id: 'c' } }))
  for (const content of ['one', 'two']) await app.webhooks.receive(message('c', content))
  await messages(page).nth(0).locator('.waits', { hasText: /^Next attempt in \d min\. 2 events wait for it\.$/ }).waitFor()
  await shows(t, async () => await messages(page).nth(0).textContent(), /broken by <b>8<\/b>/)
  await shows(t, async () => await page.locator('.held').textContent(), /^2 events wait for Ada: it fails, which has failed once; next attempt in \d min$/)
  await shows(t, async () => await page.locator('.held a').getAttribute('href'), await messages(page).nth(0).getByRole('link').getAttribute('href'))
  const [edge, badge] = await page.evaluate<string[]>("[getComputedStyle(document.querySelector('.message')).borderLeftColor, getComputedStyle(document.querySelector('.message .badge')).color]")
  t.equal(edge, badge, 'what fails has one colour')
  for (const i of [1, 2]) await shows(t, async () => await messages(page).nth(i).textContent(), /Waits for Ada: it fails, which has failed once; next attempt in \d min$/)
  mended.is = true
  await app.webhooks.inbox.discard((await app.webhooks.inbox.find({ failing: true })).ids)
  await messages(page).nth(1).locator('.badge.done').waitFor()
  await shows(t, async () => await textsOf(page), ['one', 'two'])
  await shows(t, async () => await page.getByText('Waits for').count() + await page.locator('.held').count(), 0)
  t.same(misdeeds, [])
})

test('what waits for an event that is not shown says so', async (t) => {
  const ids: string[] = []
  const { page, misdeeds } = await openInspector(t, browser, {
    options: { retry: SLOW },
    hash: 'thread=c',
    before: async (app) => {
      ids.push((await app.webhooks.receive(message('c', 'it fails'))).id)
      await until(async () => (await app.webhooks.inbox.stats()).failing > 0)
      for (let i = 1; i <= 100; i++) await app.webhooks.receive(message('c', `number ${i}.`))
    }
  })
  const first = messages(page).first()
  await first.getByText('Waits for an earlier event, which has failed once; next attempt in').waitFor()
  await shows(t, async () => await page.locator('.held').textContent(), /^100 or more events wait for an earlier event, which has failed once; next attempt in \d min$/)
  await shows(t, async () => await page.evaluate("document.querySelector('.held').getBoundingClientRect().bottom < innerHeight"), true, 'it is in sight')
  await page.locator('.held').getByRole('link', { name: 'an earlier event' }).click()
  await page.locator('.event-view .waits', { hasText: '100 events of this conversation wait for it' }).waitFor()
  await leadsTo(t, page, new RegExp(`event=${ids[0]}`))
  t.same(misdeeds, [])
})
