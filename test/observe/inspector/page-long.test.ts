import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'
import { shows } from './shows.ts'

const browser = await launch(tap)

test('ten thousand events need few rows, and the last of them is reached', async (t) => {
  const { page } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 20_000 }) },
    before: async (app) => {
      for (let i = 1; i <= 10_000; i++) await app.webhooks.receive(message('c', `number ${i}`))
    }
  })
  await rowOf(page, 'number 10000').waitFor()
  const grid = page.getByRole('grid')
  await grid.focus()
  while (await page.locator('.foot', { hasText: 'more below' }).count() > 0 || await page.locator('.foot', { hasText: '10,000 events' }).count() === 0) {
    await page.keyboard.press('End')
    t.ok(await page.locator('.rows .row').count() < 60)
  }
  await page.keyboard.press('End')
  await page.locator('.row[data-active="true"] .said-there', { hasText: /^number 1$/ }).waitFor()
  await shows(t, async () => await grid.getAttribute('aria-rowcount'), '10001')
  t.ok(await page.locator('.rows .row').count() < 60)
})
