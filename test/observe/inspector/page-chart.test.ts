import tap, { test } from 'tap'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'

tap.setTimeout(120_000)

const browser = await launch(tap)

test('the chart has a scale and values, and a click or a key shows the events of a bar', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser)
  await app.webhooks.receive(message('c-2', 'this fails'))
  await settled()
  const chart = page.getByRole('region', { name: 'Activity' })
  const latest = chart.locator('.bar[aria-label*="1 dead"]')
  await latest.waitFor()
  t.match(await latest.getAttribute('aria-label'), /^\d\d:\d\d–\d\d:\d\d: 1 accepted, 1 failed, to be tried again, 1 dead$/)
  t.same(await chart.locator('.scale span').allTextContents(), ['2', '1', '0'])
  t.match(await chart.locator('.legend').textContent(), 'delivered 0')
  await chart.getByText(/^Counted by this process since \d+ /).waitFor()
  t.equal(await chart.locator('.bar').count(), 60)
  t.match(await chart.locator('.tick').allTextContents(), { length: 6 })

  await latest.hover()
  await chart.locator('.readout', { hasText: '1 accepted, 1 failed' }).waitFor()
  await latest.click()
  await page.waitForURL(/#since=.*&until=/)
  const range = new URLSearchParams(new URL(page.url()).hash.slice(1))
  t.equal(Date.parse(range.get('until') ?? '') - Date.parse(range.get('since') ?? ''), 60_000)
  await rowOf(page, 'this fails').waitFor()
  t.ok(await chart.locator('.bar.out').count() > 50, 'what is not shown is paler')
  await page.goBack()

  await latest.focus()
  await page.keyboard.press('ArrowLeft')
  await chart.locator('.readout', { hasText: 'nothing' }).waitFor()
  await page.keyboard.press('Shift+ArrowLeft')
  await page.keyboard.press('Shift+ArrowLeft')
  t.equal(await chart.locator('.bar.chosen').count(), 3)
  await page.keyboard.press('Enter')
  await page.getByText(/^Nothing fits, \d events? looked at/).waitFor()
  const keyed = new URLSearchParams(new URL(page.url()).hash.slice(1))
  t.equal(Date.parse(keyed.get('until') ?? '') - Date.parse(keyed.get('since') ?? ''), 180_000)

  await chart.getByRole('button', { name: '24 hours' }).click()
  t.equal(await chart.locator('.bar').count(), 48)
  const box = await chart.locator('.bars').boundingBox() ?? { x: 0, y: 0, width: 0, height: 0 }
  await page.mouse.move(box.x + box.width * 0.5, box.y + 20)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.7, box.y + 20)
  t.ok(await chart.locator('.bar.chosen').count() > 5)
  await page.mouse.move(box.x + box.width - 1, box.y + 30)
  await page.mouse.up()
  await rowOf(page, 'this fails').waitFor()
  t.same(misdeeds, [])
})
