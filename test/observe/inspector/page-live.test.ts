import tap, { test } from 'tap'
import type { Page } from 'playwright-core'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { lists, openInspector, rowOf } from './opened.ts'
import { draws, leadsTo, shows } from './shows.ts'

const browser = await launch(tap)

/** The text of the row in the middle of the list. */
const middle = async (page: Page) => await page.evaluate<string>(`(() => {
  const { x, y, width, height } = document.querySelector('.grid').getBoundingClientRect()
  return document.elementFromPoint(x + width / 2, y + height / 2).closest('.row').querySelector('.content').textContent
})()`)

const textsOf = async (page: Page) => await page.locator('.rows .said-there').allTextContents()

test('events appear as they come, without a reload', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser)
  await page.getByText('No events yet.').waitFor()
  await page.getByText('npx fastify-oneroute-webhooks send').waitFor()
  await page.evaluate('window.sameDocument = true')
  await app.webhooks.receive(message('c-1', 'the first'))
  await rowOf(page, 'the first').waitFor()
  await app.webhooks.receive(message('c-2', 'the second fails'))
  await rowOf(page, 'the second fails').locator('.badge.dead').waitFor()
  await shows(t, async () => await textsOf(page), ['the second fails', 'the first'], 'newest first')
  t.equal(await page.evaluate('window.sameDocument'), true)
  await page.locator('.count.alarm', { hasText: 'Dead' }).getByText('1', { exact: true }).waitFor()
  t.same(misdeeds, [])
})

test('rows do not move under the pointer, when one has scrolled, or while one is selected', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { before: async (app) => { for (let i = 1; i <= 40; i++) await app.webhooks.receive(message(`c-${i}`, `early ${i}.`)) } })
  await rowOf(page, 'early 40.').locator('.badge.done').waitFor()
  let count = 0
  const comesIn = async () => { await app.webhooks.receive(message('late', `late ${++count}.`)) }
  const heldBack = async (how: string) => {
    const before = await middle(page)
    const news = page.locator('.news button')
    for (const told of ['1 new', '2 new']) {
      await comesIn()
      await news.getByText(told, { exact: true }).waitFor()
    }
    await shows(t, async () => await middle(page), before, how)
    await shows(t, async () => await page.locator('.news').getAttribute('role'), 'status', 'told to a screen reader, too')
    await news.click()
    await news.waitFor({ state: 'detached' })
    await page.mouse.move(5, 5)
  }

  await page.locator('.grid').hover()
  await heldBack('under the pointer')
  await rowOf(page, 'late 2.').waitFor()
  await page.locator('.grid').evaluate('this.scrollTop = 0; document.querySelector(".grid").scrollTop = 400')
  await shows(t, async () => await page.evaluate("document.querySelector('.grid').scrollTop"), 400)
  await draws(page)
  await heldBack('when one has scrolled')
  await page.locator('.grid').evaluate('document.querySelector(".grid").scrollTop = 0')
  await draws(page)
  await rowOf(page, 'late 4.').getByRole('checkbox').click()
  await page.mouse.move(5, 5)
  await heldBack('while a row is selected')
  await page.getByRole('button', { name: 'Select none' }).click()
  await comesIn()
  await rowOf(page, 'late 7.').waitFor()
  await shows(t, async () => (await textsOf(page))[0], 'late 7.')
  await settled()
  t.same(misdeeds, [])
})

test('a row that is shown changes where it is, and goes once nothing holds it', async (t) => {
  const { app, page, mended, settled, misdeeds } = await openInspector(t, browser, { hash: 'state=dead' })
  for (const content of ['fails, 1', 'fails, 2', 'fails, 3']) await app.webhooks.receive(message(content, content))
  await settled()
  await lists(page, 'fails, 1', 'fails, 2', 'fails, 3')
  await rowOf(page, 'fails, 3').hover()
  mended.is = true
  const { id } = (await app.webhooks.inbox.list()).find(({ lane }) => lane === 'fails, 2') ?? { id: '' }
  await app.webhooks.inbox.replay([id])
  await rowOf(page, 'fails, 2').locator('.badge.done').waitFor()
  await shows(t, async () => await textsOf(page), ['fails, 3', 'fails, 2', 'fails, 1'])
  await app.webhooks.inbox.discard((await app.webhooks.inbox.list()).filter(({ lane }) => lane === 'fails, 1').map(({ id }) => id))
  await rowOf(page, 'fails, 1').getByText('not in the inbox any more').waitFor()
  await page.mouse.move(5, 5)
  await rowOf(page, 'fails, 2').waitFor({ state: 'detached' })
  await shows(t, async () => await textsOf(page), ['fails, 3'])
  t.same(misdeeds, [])
})

test('what keeps failing, and what waits for it, is seen in the list', async (t) => {
  const { app, page, mended, misdeeds } = await openInspector(t, browser, { options: { retry: { minDelay: 200_000, maxDelay: 200_000, factor: 1 } } })
  await app.webhooks.receive(message('c', 'this fails'))
  await rowOf(page, 'this fails').locator('.fails', { hasText: /^failed once, next try in \d min: answer: broken by/ }).waitFor()
  await rowOf(page, 'this fails').locator('.badge', { hasText: 'failing' }).waitFor()
  await app.webhooks.receive(message('c', 'this waits'))
  const [{ id } = { id: '' }] = await app.webhooks.inbox.list({ limit: 1, before: 2 })
  const note = rowOf(page, 'this waits').locator('.waits-for', { hasText: `waits for ${id.slice(0, 8)}, which has failed once` })
  await note.waitFor()
  await page.getByRole('link', { name: /^Failing/ }).click()
  await rowOf(page, 'this waits').waitFor({ state: 'detached' })
  await rowOf(page, 'this fails').waitFor()
  await leadsTo(t, page, /#state=failing$/)
  await page.goBack()
  await note.getByRole('link').click()
  await page.getByRole('dialog').getByText('this fails').first().waitFor()
  await page.goBack()
  mended.is = true
  await app.webhooks.inbox.discard([id])
  await rowOf(page, 'this waits').locator('.badge.done').waitFor()
  await shows(t, async () => await note.count(), 0)
  t.same(misdeeds, [])
})
