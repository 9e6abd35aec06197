import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import tap, { test } from 'tap'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'

tap.setTimeout(120_000)

const browser = await launch(tap)

test('the keyboard is enough', async (t) => {
  const { app, page, mended, settled, misdeeds } = await openInspector(t, browser)
  for (const content of ['1', '2', 'fails', '4']) await app.webhooks.receive(message('c', content))
  await settled()
  await rowOf(page, '4').waitFor()
  await rowOf(page, 'fails').locator('.badge.dead').waitFor()
  mended.is = true
  const grid = page.getByRole('grid')
  const isFocused = async () => await page.evaluate('document.activeElement.role') === 'grid'
  const active = async () => await page.locator('.row[data-active="true"] .said-there').textContent()
  await page.keyboard.press('ArrowDown')
  t.equal(await isFocused(), true, 'arrows lead to the list')
  await page.keyboard.press('ArrowDown')
  t.match(await active(), 'fails')
  await page.keyboard.press('End')
  t.equal(await active(), '1')
  await page.keyboard.press('Home')
  await page.keyboard.press('j')
  t.match(await grid.getAttribute('aria-activedescendant'), /^row-\d+$/)
  await page.keyboard.press('x')
  await page.getByText('1 selected').waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Shift+X')
  await page.getByText('2 selected').waitFor()
  await page.keyboard.press('Escape')
  await page.getByText('2 selected').waitFor({ state: 'detached' })
  await page.keyboard.press('k')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Attempt 1').waitFor()
  while (await page.evaluate('document.activeElement.textContent') !== 'Replay') await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await dialog.locator('.badge.done').first().waitFor()
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  t.equal(await isFocused(), true, 'back where one was')

  await page.keyboard.press('?')
  await page.getByRole('heading', { name: 'Keys' }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.keyboard.type('x?/j4')
  t.equal(await page.getByLabel('Text').inputValue(), 'x?/j4', 'keys do nothing else while one types')
  t.equal(await page.getByText('1 selected').count(), 0)
  t.same(misdeeds, [])
})

for (const [name, width, height] of [['at 200 %', 720, 450], ['on a phone held sideways', 844, 390], ['at 400 %', 360, 225]] as const) {
  test(`events are seen where there is little room: ${name}`, async (t) => {
    const { app, page, misdeeds } = await openInspector(t, browser, { context: { viewport: { width, height } } })
    for (let i = 1; i <= 20; i++) await app.webhooks.receive(message('c', `number ${i}.`))
    await rowOf(page, 'number 20.').locator('.badge.done').waitFor()
    t.ok(((await page.getByRole('grid').boundingBox())?.height ?? 0) > 80)
    t.equal(await page.evaluate('document.documentElement.scrollHeight > document.documentElement.clientHeight'), true, 'the page scrolls')
    await rowOf(page, 'number 20.').click()
    await page.getByRole('dialog').getByText('number 20.').first().waitFor()
    t.same(misdeeds, [])
  })
}

test('a row that is ticked looks so where the keyboard is, too, and the list has its whole frame', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser)
  for (const content of ['1.', '2.']) await app.webhooks.receive(message('c', content))
  await rowOf(page, '2.').waitFor()
  const back = async (text: string) => await rowOf(page, text).evaluate('element => getComputedStyle(element).backgroundColor')
  for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key)
  await page.getByText('2 selected').waitFor()
  t.equal(await back('1.'), await back('2.'))
  const frame = await page.evaluate("(({ borderTopWidth, zIndex }) => [borderTopWidth, Number(zIndex) > Number(getComputedStyle(document.querySelector('.head')).zIndex)])(getComputedStyle(document.querySelector('.stage'), '::after'))")
  t.same(frame, ['2px', true])
  t.same(misdeeds, [])
})

test('what can be pressed looks different from what cannot', async (t) => {
  const { app, page, settled } = await openInspector(t, browser)
  const button = page.getByRole('button', { name: 'Replay all dead' })
  const look = async () => await page.evaluate<string[]>(`(() => {
    const { cursor, borderStyle, color } = getComputedStyle(document.querySelector('[aria-label="Replay all dead"]'))
    return [cursor, borderStyle, color]
  })()`)
  t.equal(await button.isDisabled(), true)
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
  t.equal(await page.locator('.rows .said-there').last().textContent(), attack)
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
  t.equal(await row.locator('.from').textContent(), 'Ada Okafor')
  t.same(misdeeds, [])
})

test('the whole page is less than 60 kB, compressed', (t) => {
  const files = ['index.html', 'page.js', 'page.css'].map((name) => gzipSync(readFileSync(new URL(`../../../dist/lib/observe/inspector/page/${name}`, import.meta.url))).length)
  t.ok(files.reduce((sum, length) => sum + length) < 60_000, files.join())
  t.end()
})
