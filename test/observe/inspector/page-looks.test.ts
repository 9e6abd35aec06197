import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import tap, { test } from 'tap'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'
import { shows } from './shows.ts'

const browser = await launch(tap)

test('events are seen where there is little room', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser)
  for (let i = 1; i <= 20; i++) await app.webhooks.receive(message('c', `number ${i}.`))
  await rowOf(page, 'number 20.').locator('.badge.done').waitFor()
  const dialog = page.getByRole('dialog')
  for (const [name, width, height] of [['at 200 %', 720, 450], ['on a phone held sideways', 844, 390], ['at 400 %', 360, 225]] as const) {
    await page.setViewportSize({ width, height })
    await shows(t, async () => ((await page.getByRole('grid').boundingBox())?.height ?? 0) > 80, true, name)
    await shows(t, async () => await page.evaluate('document.documentElement.scrollHeight > document.documentElement.clientHeight'), true, `the page scrolls ${name}`)
    await rowOf(page, 'number 20.').click()
    await dialog.getByText('number 20.').first().waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
  }
  t.same(misdeeds, [])
})

test('what can be pressed looks different from what cannot', async (t) => {
  const { app, page, settled } = await openInspector(t, browser)
  const button = page.getByRole('button', { name: 'Replay all dead' })
  const look = async () => await page.evaluate<string[]>(`(() => {
    const { cursor, borderStyle, color } = getComputedStyle(document.querySelector('[aria-label="Replay all dead"]'))
    return [cursor, borderStyle, color]
  })()`)
  await shows(t, async () => await button.isDisabled(), true)
  const disabled = await look()
  await app.webhooks.receive(message('c', 'this fails'))
  await settled()
  await page.locator('[aria-label="Replay all dead"]:enabled').waitFor()
  const enabled = await look()
  for (const [i, value] of disabled.entries()) t.not(enabled[i], value)
})

test('what a customer writes stays text, and turns nothing beside it around', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser)
  const attack = '<img src=x onerror="window.attacked = true"><script>window.attacked = true</script>'
  await app.webhooks.receive({ ...message(`"><i>${attack}`, attack), '<b>key</b>': attack })
  await app.webhooks.receive({ event: attack })
  await app.webhooks.receive(newMessage({ message: { content: 'this fails \u202Enever', sender: { name: 'مريم \u202E' } }, conversation: { id: 'bidi \u202E' } }))
  await page.locator('.rows .row').nth(2).waitFor()
  await rowOf(page, 'this fails').locator('.badge.dead').waitFor()
  await shows(t, async () => await page.locator('.rows .said-there').last().textContent(), attack)
  t.equal(await page.locator('img, .rows b, .rows i, .rows script').count(), 0)
  t.equal(await page.evaluate('window.attacked'), undefined)
  const open = await page.evaluate<string[]>(`Array.from(document.querySelectorAll('.rows .row'), (row) => {
    const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT)
    const found = []
    while (walker.nextNode()) if (/[\\u202E\\u0600-\\u06FF]/.test(walker.currentNode.data) && getComputedStyle(walker.currentNode.parentElement).unicodeBidi !== 'isolate') found.push(walker.currentNode.data)
    return found
  }).flat()`)
  t.same(open, [])
  t.same(misdeeds, [])
})

test('a picture is shown as one, and who wrote it', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser)
  await app.webhooks.receive(newMessage({ message: { content: '', contentType: 'IMAGE', imageUrl: 'https://files.example/y.jpg', sender: { name: 'Ada Okafor' } } }))
  const row = rowOf(page, 'Ada Okafor')
  await row.getByText('picture').waitFor()
  await shows(t, async () => await row.locator('.from').textContent(), 'Ada Okafor')
  t.same(misdeeds, [])
})

test('the whole page is less than 60 kB, compressed', (t) => {
  const files = ['index.html', 'page.js', 'page.css'].map((name) => gzipSync(readFileSync(new URL(`../../../dist/lib/observe/inspector/page/${name}`, import.meta.url))).length)
  t.ok(files.reduce((sum, length) => sum + length) < 60_000, files.join())
  t.end()
})
