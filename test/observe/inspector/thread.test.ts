import tap, { test } from 'tap'
import type { Page } from 'playwright-core'
import { memoryInbox } from '../../../index.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { messages, openInspector, rowOf } from './opened.ts'
import { draws, leadsTo, says, shows } from './shows.ts'

const browser = await launch(tap)

const textsOf = async (page: Page) => await page.locator('.thread .message > .text').allTextContents()
/** Where one of them is on the screen. */
const placeOf = async (page: Page, text: string) => (await page.locator('.message', { hasText: text }).boundingBox())?.y

test('a conversation is shown oldest first, from one of its events and back to the list', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 100 }) } })
  await app.webhooks.receive(newMessage({ message: { content: 'first', sender: { name: 'Ada' } }, conversation: { id: 'c-1' } }))
  await app.webhooks.receive(message('c-2', 'of another'))
  await app.webhooks.receive(newMessage({ message: { content: '', contentType: 'IMAGE', imageUrl: 'https://x.example/y.jpg', sender: { name: 'Ada' } }, conversation: { id: 'c-1' } }))
  await app.webhooks.receive(message('c-1', 'last'))
  await rowOf(page, 'last').click()
  await page.getByRole('link', { name: 'Show the conversation' }).click()
  await messages(page).nth(2).waitFor()
  await shows(t, async () => await textsOf(page), ['first', 'last'])
  await shows(t, async () => (await messages(page).allTextContents()).join('\n'), /^Ada.*done.*first\nAda.*Picture\n.*last$/i)
  await leadsTo(t, page, /#thread=c-1$/)
  await messages(page).first().getByRole('link', { name: 'Ada' }).click()
  await page.locator('.event-view .said-in-full', { hasText: 'first' }).waitFor()
  await leadsTo(t, page, /thread=c-1/)
  await page.keyboard.press('j')
  await page.locator('.event-view .attachment', { hasText: 'x.example' }).waitFor()
  await page.keyboard.press('Escape')
  await page.locator('.event-view').waitFor({ state: 'detached' })
  await messages(page).filter({ hasText: 'last' }).click()
  await page.locator('.event-view .said-in-full', { hasText: 'last' }).waitFor()
  await page.goBack()
  await page.getByRole('link', { name: 'Back to the list' }).click()
  await rowOf(page, 'of another').waitFor()
  t.equal(await messages(page).count(), 0)
  t.same(misdeeds, [])
})

test('of a long conversation the newest are shown, and earlier ones without a move of what is read', async (t) => {
  const { page, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 1_000 }) },
    hash: 'thread=c',
    before: async (app) => {
      for (let i = 1; i <= 250; i++) await app.webhooks.receive(message('c', `number ${i}.`))
    }
  })
  await messages(page).nth(99).waitFor()
  t.equal(await messages(page).count(), 100)
  await shows(t, async () => await page.evaluate("document.querySelector('.messages').scrollTop + document.querySelector('.messages').clientHeight >= document.querySelector('.messages').scrollHeight - 1"), true, 'the newest is in sight')
  await page.evaluate("document.querySelector('.messages').scrollTop = 0")
  for (const count of [200, 250]) {
    const [first = ''] = await textsOf(page)
    await page.getByRole('button', { name: 'Show earlier' }).scrollIntoViewIfNeeded()
    await draws(page)
    const place = await placeOf(page, first)
    await page.getByRole('button', { name: 'Show earlier' }).click()
    await messages(page).nth(count - 1).waitFor()
    await shows(t, async () => Math.abs((await placeOf(page, first) ?? 0) - (place ?? 0)) <= 2, true, `${count}: it stays where it was`)
  }
  await shows(t, async () => [await page.getByRole('button', { name: 'Show earlier' }).count(), (await textsOf(page)).length, (await textsOf(page))[0]], [0, 250, 'number 1.'])
  t.same(misdeeds, [])
})

test('what comes in is added at the end, and what is read does not move', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 1_000 }) },
    hash: 'thread=c',
    before: async (app) => {
      for (let i = 1; i <= 40; i++) await app.webhooks.receive(message('c', `number ${i}.`))
    }
  })
  await messages(page).nth(39).waitFor()
  await page.evaluate("document.querySelector('.messages').scrollTop -= 300")
  await draws(page)
  const place = await placeOf(page, 'number 37.')
  for (const content of ['new 1', 'new 2']) await app.webhooks.receive(message('c', content))
  await app.webhooks.receive(message('other', 'not here'))
  await page.getByRole('button', { name: '2 new below' }).waitFor()
  await shows(t, async () => await placeOf(page, 'number 37.'), place)
  await page.getByRole('button', { name: '2 new below' }).click()
  await page.getByRole('button', { name: '2 new below' }).waitFor({ state: 'detached' })
  await shows(t, async () => (await textsOf(page)).slice(-3), ['number 40.', 'new 1', 'new 2'])
  await app.webhooks.inbox.discard((await app.webhooks.inbox.list({ conversation: 'c', limit: 1 })).map(({ id }) => id))
  await messages(page).filter({ hasText: 'new 2' }).waitFor({ state: 'detached' })
  t.same(misdeeds, [])
})

test('what is new is in sight at once when one goes there as soon as it is told of', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 100 }) },
    hash: 'thread=c',
    before: async (app) => {
      for (let i = 1; i <= 40; i++) await app.webhooks.receive(message('c', `number ${i}.`))
    }
  })
  await messages(page).nth(39).waitFor()
  await page.evaluate("document.querySelector('.messages').scrollTop -= 300")
  await draws(page)
  await page.evaluate("new MutationObserver(() => { document.querySelector('.below')?.click() }).observe(document.querySelector('.thread'), { childList: true })")
  await app.webhooks.receive(message('c', 'new'))
  await messages(page).filter({ hasText: 'new' }).waitFor()
  await page.locator('.below').waitFor({ state: 'detached' })
  t.same(misdeeds, [])
})

test('a conversation is forgotten from where it is read', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 100 }) } })
  for (const content of ['hers', 'hers, too']) await app.webhooks.receive(message('c-1', content))
  await app.webhooks.receive(message('c-2', 'his'))
  await rowOf(page, 'his').waitFor()
  await page.evaluate("location.hash = 'thread=c-1'")
  await page.getByRole('button', { name: 'Forget conversation…' }).click()
  const dialog = page.getByRole('dialog', { name: 'Forget this conversation?' })
  t.equal(await dialog.locator('code').textContent(), 'c-1')
  await dialog.getByRole('button', { name: 'Forget conversation' }).click()
  await says(page, 'The conversation is forgotten: 2 events removed')
  await rowOf(page, 'his').waitFor()
  await shows(t, async () => await rowOf(page, 'hers').count(), 0)
  t.equal((await app.webhooks.inbox.list()).length, 1)
  await page.evaluate("location.hash = 'thread=c-1'")
  await page.getByText('The inbox has no event of this conversation.').waitFor()
  t.same(misdeeds, [])
})
