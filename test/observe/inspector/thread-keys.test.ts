import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { Page } from 'playwright-core'
import { memoryInbox } from '../../../index.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { messages, openInspector, rowOf, view } from './opened.ts'
import { leadsTo, shows } from './shows.ts'

const browser = await launch(tap)

/** What has the focus has this name. */
const isFocused = async (t: Test, page: Page, name: string) => { await shows(t, async () => await page.evaluate('document.activeElement.ariaLabel'), name) }
const isTitled = async (t: Test, page: Page, title: string) => { await shows(t, async () => await page.title(), title) }
/** The texts of the rows that are selected, and of the one where the keyboard is. */
const areSelected = async (t: Test, page: Page, texts: string[]) => { await shows(t, async () => await page.locator('.rows .row[aria-selected="true"] .said-there').allTextContents(), texts) }
const isActive = async (t: Test, page: Page, text: string) => { await shows(t, async () => await page.locator('.row[data-active="true"] .said-there').allTextContents(), [text]) }

test('a conversation is read by keys, and left for the list as it was', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 100 }) } })
  for (const [id, content] of [['c-1', 'first'], ['c-1', 'second'], ['c-2', 'of another'], ['c-1', 'third']] as const) {
    await app.webhooks.receive(newMessage({ message: { content, sender: { name: 'Ada' } }, conversation: { id } }))
  }
  await rowOf(page, 'third').waitFor()
  for (const key of ['j', 'j', 'j', 'x', 'c']) await page.keyboard.press(key)
  await messages(page).nth(2).waitFor()
  await leadsTo(t, page, /#thread=c-1$/)
  await isFocused(t, page, 'Its events, oldest first')
  await page.keyboard.press('j')
  await isFocused(t, page, 'Ada, third, done') // the last that is in sight
  await page.keyboard.press('k')
  await page.keyboard.press('ArrowUp')
  await isFocused(t, page, 'Ada, first, done')
  await page.keyboard.press('Enter')
  await view(page).locator('.said-in-full .text', { hasText: 'first' }).waitFor()
  await page.keyboard.press('Escape')
  await view(page).waitFor({ state: 'detached' })
  await isFocused(t, page, 'Ada, first, done')
  await page.keyboard.press('Escape')
  await rowOf(page, 'of another').waitFor()
  await isFocused(t, page, 'Events, newest first')
  await isActive(t, page, 'second')
  await areSelected(t, page, ['second'])

  await rowOf(page, 'of another').getByRole('link', { name: 'c-2' }).click()
  await messages(page).first().waitFor()
  await page.goBack()
  await rowOf(page, 'third').waitFor()
  await isFocused(t, page, 'Events, newest first')
  await isActive(t, page, 'of another') // where one went from
  await areSelected(t, page, ['second'])

  await page.keyboard.press('Enter')
  await view(page).locator('.said-in-full .text', { hasText: 'of another' }).waitFor()
  await page.keyboard.press('c')
  await messages(page).first().waitFor()
  await view(page).waitFor({ state: 'detached' })
  await leadsTo(t, page, /#thread=c-2$/)
  await page.keyboard.press('/')
  await page.locator('#search:focus').waitFor()
  t.equal(await page.locator('#search').inputValue(), '') // nothing else is to come: the key has been pressed
  t.same(misdeeds, [])
})

test('the tab is named after what is shown', async (t) => {
  const { app, page } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(message('c-1', 'hello'))
  await rowOf(page, 'hello').waitFor() // what comes while the list is not shown waits behind "1 new"
  await isTitled(t, page, 'OneRoute webhooks')
  await page.evaluate("location.hash = 'thread=c-1'")
  await messages(page).first().waitFor()
  await isTitled(t, page, 'Conversation c-1 – OneRoute webhooks')
  await messages(page).first().click()
  await view(page).locator('.facts').waitFor()
  await isTitled(t, page, `newMessage ${id.slice(0, 8)} – OneRoute webhooks`)
  await page.keyboard.press('Escape')
  await view(page).waitFor({ state: 'detached' })
  await isTitled(t, page, 'Conversation c-1 – OneRoute webhooks')
  await page.keyboard.press('Escape')
  await isTitled(t, page, 'OneRoute webhooks')
  await rowOf(page, 'hello').waitFor()
})

test('a link that is followed while the page starts is shown', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  await app.webhooks.receive(message('c-1', 'hello'))
  await page.addInitScript(`new MutationObserver((_, observer) => {
    if (document.querySelector('.grid') === null) return
    observer.disconnect()
    location.hash = 'thread=c-1'
  }).observe(document, { childList: true, subtree: true })`)
  await page.reload()
  await messages(page).first().waitFor()
  t.same(misdeeds, [])
})
