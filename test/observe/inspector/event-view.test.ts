import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { launch, openPage } from './browser.ts'
import { fact, openInspector, rowOf, view } from './opened.ts'
import { leadsTo, shows } from './shows.ts'

const browser = await launch(tap)

test('an event has an address, which opens it alone in another tab, and Back closes it', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(newMessage({ message: { content: 'where is my order?', sender: { name: 'Ada Okafor' } } }))
  await settled()
  await rowOf(page, 'where is my order?').click()
  await view(page).getByRole('heading', { name: 'Ada Okafor' }).waitFor()
  await leadsTo(t, page, new RegExp(`#event=${id}$`))
  await shows(t, async () => await view(page).locator('.said-in-full .text').textContent(), 'where is my order?')
  const link = page.url()
  await page.goBack()
  await view(page).waitFor({ state: 'detached' })
  await shows(t, async () => await page.evaluate('document.activeElement.role'), 'grid', 'where one was before')
  await page.goForward()
  await view(page).getByRole('heading', { name: 'Ada Okafor' }).waitFor()
  await page.keyboard.press('Escape')
  await view(page).waitFor({ state: 'detached' })
  await leadsTo(t, page, /#$/)

  const { page: other, misdeeds: others } = await openPage(t, browser, `${link}&state=dead`)
  await view(other).getByRole('heading', { name: 'Ada Okafor' }).waitFor()
  await other.getByText('Nothing fits').waitFor()
  t.equal(await other.locator('.rows .row').count(), 0)
  for (const name of ['Previous event', 'Next event']) await shows(t, async () => await view(other).getByRole('button', { name }).getAttribute('aria-disabled'), 'true')
  await app.webhooks.inbox.discard([id])
  await view(other).getByText('This event is not in the inbox').waitFor()
  t.same([...misdeeds, ...others.filter((misdeed) => !misdeed.includes('404'))], [])
})

test('next and previous are those of the list as it is filtered, by button and key', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { hash: 'name=newMessage' })
  for (const content of ['first', 'second', 'third']) {
    await app.webhooks.receive(message('c', content))
    await app.webhooks.receive({ event: 'other', content })
  }
  await settled()
  await rowOf(page, 'third').click()
  const isOpen = async (text: string) => { await view(page).locator('.said-in-full .text', { hasText: text }).waitFor() }
  await isOpen('third')
  await shows(t, async () => await view(page).getByRole('button', { name: 'Previous event' }).getAttribute('aria-disabled'), 'true')
  await page.keyboard.press('k')
  await page.keyboard.press('j')
  await isOpen('second')
  await view(page).getByRole('button', { name: 'Copy JSON' }).focus()
  await page.keyboard.press('ArrowRight')
  await isOpen('first')
  await page.keyboard.press('ArrowLeft')
  await isOpen('second')
  await shows(t, async () => await page.evaluate("document.querySelector('.event-view').contains(document.activeElement)"), true, 'what had the focus is gone, and the dialog still has it')
  const next = view(page).getByRole('button', { name: 'Next event' })
  await next.click()
  await isOpen('first')
  await shows(t, async () => await next.getAttribute('aria-disabled'), 'true')
  await shows(t, async () => await page.evaluate('document.activeElement.ariaLabel'), 'Next event')
  await view(page).getByRole('button', { name: 'Discard…' }).click()
  await page.getByRole('dialog', { name: 'Discard this event?' }).waitFor()
  await page.keyboard.press('k')
  await page.keyboard.press('Escape')
  await isOpen('first')
  await page.goBack()
  await view(page).waitFor({ state: 'detached' })
  t.same(misdeeds, [])
})

test('an event is found by the beginning of its id, as rows show it', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(message('c', 'where is my order?'))
  await page.evaluate(`location.hash = 'event=${id.slice(0, 6)}'`)
  await view(page).locator('.said-in-full', { hasText: 'where is my order?' }).waitFor()
  await shows(t, async () => await fact(page, 'Id').textContent(), id)
  await leadsTo(t, page, new RegExp(`#event=${id}$`))
  t.same(misdeeds, [])
})
