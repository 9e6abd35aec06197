import tap, { test } from 'tap'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'
import { shows } from './shows.ts'

const browser = await launch(tap)

test('the keyboard is enough', async (t) => {
  const { app, page, mended, settled, misdeeds } = await openInspector(t, browser)
  for (const content of ['one', 'two', 'fails', 'four']) await app.webhooks.receive(message('c', content))
  await settled()
  await rowOf(page, 'four').waitFor()
  await rowOf(page, 'fails').locator('.badge.dead').waitFor()
  mended.is = true
  const grid = page.getByRole('grid')
  const isFocused = async (because: string) => { await shows(t, async () => await page.evaluate('document.activeElement.role'), 'grid', because) }
  const isActive = async (text: string) => { await shows(t, async () => await page.locator('.row[data-active="true"] .said-there').allTextContents(), [text]) }
  await page.keyboard.press('ArrowDown')
  await isFocused('arrows lead to the list')
  await page.keyboard.press('ArrowDown')
  await isActive('fails')
  await page.keyboard.press('End')
  await isActive('one')
  await page.keyboard.press('Home')
  await page.keyboard.press('j')
  await shows(t, async () => await grid.getAttribute('aria-activedescendant'), /^row-\d+$/)
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
  await isFocused('back where one was')

  await page.keyboard.press('?')
  const keys = page.getByRole('heading', { name: 'Keys' })
  await keys.waitFor()
  await page.keyboard.press('Escape')
  await keys.waitFor({ state: 'detached' })
  await page.keyboard.press('/')
  await page.locator('#search:focus').waitFor()
  await page.keyboard.type('x?/j4')
  await shows(t, async () => await page.getByRole('searchbox').inputValue(), 'x?/j4', 'keys do nothing else while one types')
  t.equal(await page.getByText('1 selected').count(), 0)
  t.same(misdeeds, [])
})

test('a row that is ticked looks so where the keyboard is, too, and the list has its whole frame', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser)
  for (const content of ['1.', '2.']) await app.webhooks.receive(message('c', content))
  await rowOf(page, '2.').waitFor()
  const back = async (text: string) => await rowOf(page, text).evaluate('element => getComputedStyle(element).backgroundColor')
  for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key)
  await page.getByText('2 selected').waitFor()
  await shows(t, async () => await back('1.') === await back('2.'), true)
  await shows(t, async () => await page.evaluate("(({ borderTopWidth, zIndex }) => [borderTopWidth, Number(zIndex) > Number(getComputedStyle(document.querySelector('.head')).zIndex)])(getComputedStyle(document.querySelector('.stage'), '::after'))"), ['2px', true])
  t.same(misdeeds, [])
})
