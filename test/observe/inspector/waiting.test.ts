import tap, { test } from 'tap'
import { newMessage } from '../../../lib/testing/testing.ts'
import { until } from '../../faults/helpers/until.ts'
import { message } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { launch } from './browser.ts'
import { fact, openInspector, rowOf, SLOW, view } from './opened.ts'
import { shows } from './shows.ts'

const browser = await launch(tap)

test('what keeps failing says what waits for it, and what waits says for what', async (t) => {
  const ids: string[] = []
  const { page, app, misdeeds, mended } = await openInspector(t, browser, {
    options: { retry: SLOW },
    before: async (app) => {
      for (const content of ['it fails', 'one', 'two']) ids.push((await app.webhooks.receive(newMessage({ message: { content, sender: { name: 'Ada' } }, conversation: { id: 'c-1' } }))).id)
      await until(async () => (await app.webhooks.inbox.stats()).failing > 0)
    }
  })
  await rowOf(page, 'it fails').first().waitFor()
  await page.evaluate(`location.hash = 'event=${ids[0] ?? ''}'`)
  await shows(t, async () => await view(page).locator('.waits').textContent(), '2 events of this conversation wait for it')
  await shows(t, async () => await fact(page, 'Next attempt').textContent(), /^\d+ \w+ \d{4}, .* \(in \d min\)$/)
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

/** When the page asked for the event, in milliseconds. */
const ASKED = "performance.getEntriesByType('resource').filter(({ name }) => name.includes('/api/events/')).map(({ startTime }) => startTime)"

test('an open event is read again at once when something becomes of it, and now and then while its conversation is busy', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { retry: SLOW } })
  const { id } = await app.webhooks.receive(message('c', 'it fails'))
  // From here on, nothing becomes of it.
  await rowOf(page, 'it fails').locator('.badge', { hasText: 'failing' }).waitFor()
  await page.evaluate(`location.hash = 'event=${id}'`)
  await fact(page, 'Next attempt').waitFor()
  for (let times: number[] = [], i = 1; times.length < 3; i++) {
    await app.webhooks.receive(message('c', `number ${i}`))
    await page.getByText(`${i} new`, { exact: true }).waitFor()
    times = await page.evaluate<number[]>(ASKED)
    for (const [i, time] of times.slice(1).entries()) t.ok(time - (times[i] ?? 0) >= 1_900, `${time - (times[i] ?? 0)} ms`)
  }
  t.same(misdeeds, [])
})
