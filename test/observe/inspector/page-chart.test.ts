import { setTimeout as wait } from 'node:timers/promises'
import tap, { test } from 'tap'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'
import { shows } from './shows.ts'

const browser = await launch(tap)

/** How long the time is of which an address shows the events, in milliseconds. */
function rangeIn (url: string): number {
  const query = new URLSearchParams(new URL(url).hash.slice(1))
  return Date.parse(query.get('until') ?? '') - Date.parse(query.get('since') ?? '')
}

test('the chart has a scale and values, and a click or a key shows the events of a bar', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser)
  // What comes in and what becomes of it are in one bar as long as no minute ends in between.
  const left = 60_000 - Date.now() % 60_000
  if (left < 5_000) await wait(left)
  await app.webhooks.receive(message('c-2', 'this fails'))
  await settled()
  const chart = page.getByRole('region', { name: 'Activity' })
  const latest = chart.locator('.bar[aria-label*="1 dead"]')
  await latest.waitFor()
  await shows(t, async () => await latest.getAttribute('aria-label'), /^\d\d:\d\d–\d\d:\d\d: 1 accepted, 1 failed, to be tried again, 1 dead$/)
  await shows(t, async () => await chart.locator('.scale span').allTextContents(), ['2', '1', '0'])
  await shows(t, async () => await chart.locator('.legend').textContent(), /delivered 0/)
  await chart.getByText(/^Counted by this process since \d+ /).waitFor()
  await shows(t, async () => await chart.locator('.bar').count(), 60)
  await shows(t, async () => await chart.locator('.tick').count(), 6)

  await latest.hover()
  await chart.locator('.readout', { hasText: '1 accepted, 1 failed' }).waitFor()
  await latest.click()
  await page.waitForURL(/#since=.*&until=/)
  await shows(t, async () => rangeIn(page.url()), 60_000)
  await rowOf(page, 'this fails').waitFor()
  await shows(t, async () => await chart.locator('.bar.out').count() > 50, true, 'what is not shown is paler')
  await page.goBack()

  await latest.focus()
  await page.keyboard.press('ArrowLeft')
  await chart.locator('.readout', { hasText: 'nothing' }).waitFor()
  await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('Shift+ArrowLeft')
  await shows(t, async () => await chart.locator('.bar.chosen').count(), 3)
  await page.keyboard.press('Enter')
  await page.getByText(/^Nothing fits, \d events? looked at/).waitFor()
  await shows(t, async () => rangeIn(page.url()), 180_000)

  await chart.getByRole('button', { name: '24 hours' }).click()
  await shows(t, async () => await chart.locator('.bar').count(), 48)
  const box = await chart.locator('.bars').boundingBox() ?? { x: 0, y: 0, width: 0, height: 0 }
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.7, box.y + 20)
  await shows(t, async () => await chart.locator('.bar.chosen').count() > 5, true)
  await page.mouse.move(box.x + box.width - 1, box.y + 30)
  await page.mouse.up()
  await rowOf(page, 'this fails').waitFor()
  t.same(misdeeds, [])
})
