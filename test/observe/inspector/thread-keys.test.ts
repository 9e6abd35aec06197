import tap, { test } from 'tap'
import type { Page } from 'playwright-core'
import { memoryInbox } from '../../../index.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { messages, openInspector, rowOf, untilIs, view } from './opened.ts'

const browser = await launch(tap)

/** Waits until what has the focus has this name. */
const focused = async (page: Page, name: string) => { await untilIs(page, 'document.activeElement.ariaLabel', name) }
const titled = async (page: Page, title: string) => { await untilIs(page, 'document.title', title) }
/** The texts of the rows that are selected. */
const selected = async (page: Page) => await page.locator('.rows .row[aria-selected="true"] .said-there').allTextContents()

test('a conversation is read by keys, and left for the list as it was', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 100 }) } })
  for (const [id, content] of [['c-1', 'first'], ['c-1', 'second'], ['c-2', 'of another'], ['c-1', 'third']] as const) {
    await app.webhooks.receive(newMessage({ message: { content, sender: { name: 'Ada' } }, conversation: { id } }))
  }
  await rowOf(page, 'third').waitFor()
  for (const key of ['j', 'j', 'j', 'x', 'c']) await page.keyboard.press(key)
  await messages(page).nth(2).waitFor()
  t.match(page.url(), '#thread=c-1')
  await focused(page, 'Its events, oldest first')
  await page.keyboard.press('j')
  await focused(page, 'Ada, third, done') // the last that is in sight
  await page.keyboard.press('k')
  await page.keyboard.press('ArrowUp')
  await focused(page, 'Ada, first, done')
  await page.keyboard.press('Enter')
  await view(page).locator('.said-in-full .text', { hasText: 'first' }).waitFor()
  await page.keyboard.press('Escape')
  await view(page).waitFor({ state: 'detached' })
  await focused(page, 'Ada, first, done')
  await page.keyboard.press('Escape')
  await rowOf(page, 'of another').waitFor()
  await focused(page, 'Events, newest first')
  t.match(await page.locator('.row[data-active="true"] .said-there').textContent(), 'second')
  t.same(await selected(page), ['second'])

  await rowOf(page, 'of another').getByRole('link', { name: 'c-2' }).click()
  await messages(page).first().waitFor()
  await page.goBack()
  await rowOf(page, 'third').waitFor()
  await focused(page, 'Events, newest first')
  t.match(await page.locator('.row[data-active="true"] .said-there').textContent(), 'of another', 'where one went from')
  t.same(await selected(page), ['second'])

  await page.keyboard.press('Enter')
  await view(page).locator('.said-in-full .text', { hasText: 'of another' }).waitFor()
  await page.keyboard.press('c')
  await messages(page).first().waitFor()
  await view(page).waitFor({ state: 'detached' })
  t.match(page.url(), '#thread=c-2')
  await page.keyboard.press('/')
  await page.locator('#search:focus').waitFor()
  t.equal(await page.locator('#search').inputValue(), '')
  t.same(misdeeds, [])
})

test('the tab is named after what is shown', async (t) => {
  const { app, page } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(message('c-1', 'hello'))
  await titled(page, 'OneRoute webhooks')
  await page.evaluate("location.hash = 'thread=c-1'")
  await messages(page).first().waitFor()
  await titled(page, 'Conversation c-1 – OneRoute webhooks')
  await messages(page).first().click()
  await view(page).locator('.facts').waitFor()
  await titled(page, `newMessage ${id.slice(0, 8)} – OneRoute webhooks`)
  await page.keyboard.press('Escape')
  await view(page).waitFor({ state: 'detached' })
  await titled(page, 'Conversation c-1 – OneRoute webhooks')
  await page.keyboard.press('Escape')
  await titled(page, 'OneRoute webhooks')
  t.equal(await rowOf(page, 'hello').count(), 1)
})
