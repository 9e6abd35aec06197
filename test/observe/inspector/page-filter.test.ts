import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { message } from '../../helpers/app.ts'
import { launch, openPage } from './browser.ts'
import { lists, openInspector, rowOf } from './opened.ts'
import { leadsTo, shows } from './shows.ts'

const browser = await launch(tap)

test('a filter leaves what fits, and is a part of the address', async (t) => {
  const { app, page, settled, misdeeds, url } = await openInspector(t, browser)
  await app.webhooks.receive(message('c-1', 'a letter from Zürich'))
  await app.webhooks.receive(message('c-2', 'this fails'))
  await app.webhooks.receive({ event: 'campaign', text: 'all of you' })
  await settled()
  await lists(page, 'Zürich', 'this fails', 'campaign')
  await page.getByRole('searchbox').fill('ZÜRICH')
  await lists(page, 'Zürich')
  await app.webhooks.receive(message('c-3', 'another one from zürich'))
  await lists(page, 'a letter', 'another one')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByLabel('State').selectOption('dead')
  await lists(page, 'this fails')
  await leadsTo(t, page, /#state=dead$/)
  await Promise.all([page.waitForResponse(/text=broken\+by/), page.getByRole('searchbox').fill('broken by')])
  await page.locator('.foot', { hasText: '1 event, 1 event looked at' }).waitFor()
  await lists(page, 'this fails')
  const { page: other } = await openPage(t, browser, `${url}/inspector/#conversation=c-1`)
  await lists(other, 'a letter')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('textbox', { name: 'Event' }).fill('campaign')
  await lists(page, 'campaign')
  await page.getByRole('textbox', { name: 'Event' }).fill('nothing')
  await page.getByText(/^Nothing fits, 4 events looked at/).waitFor()
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await lists(page, 'a letter', 'another one', 'this fails', 'campaign')
  t.same(misdeeds, [])
})

test('a link to a filter works in a tab that is open, and Back goes back', async (t) => {
  const { page, misdeeds } = await openInspector(t, browser, {
    before: async (app) => {
      await app.webhooks.receive(message('c-1', 'fine'))
      await app.webhooks.receive(message('c-2', 'this fails'))
    }
  })
  await rowOf(page, 'this fails').locator('.badge.dead').waitFor()
  await page.evaluate("location.hash = 'state=dead'")
  await lists(page, 'this fails')
  await shows(t, async () => await page.getByLabel('State').inputValue(), 'dead')
  await page.getByRole('searchbox').fill('fai')
  await page.waitForURL('**/#state=dead&text=fai')
  await page.getByRole('searchbox').fill('fails')
  await page.waitForURL('**/#state=dead&text=fails')
  await page.goBack()
  await lists(page, 'this fails')
  await leadsTo(t, page, /#state=dead$/, 'what is typed is one step')
  await shows(t, async () => await page.getByRole('searchbox').inputValue(), '')
  await page.goBack()
  await lists(page, 'fine', 'this fails')
  await shows(t, async () => await page.getByLabel('State').inputValue(), '')
  await page.goForward()
  await page.goForward()
  await lists(page, 'this fails')
  await shows(t, async () => await page.getByRole('searchbox').inputValue(), 'fails')
  t.same(misdeeds, [])
})

test('what is pasted with a space around it is found', async (t) => {
  const ids: string[] = []
  const { page, misdeeds } = await openInspector(t, browser, {
    before: async (app) => { for (const name of ['c-1', 'c-2']) ids.push((await app.webhooks.receive(message(name, `from ${name}`))).id) }
  })
  await lists(page, 'from c-1', 'from c-2')
  for (const [field, wanted] of [[page.getByRole('searchbox'), ids[0]], [page.getByRole('textbox', { name: 'Conversation' }), 'c-1']] as const) {
    await field.fill(` ${wanted}\t`)
    await lists(page, 'from c-1')
    await leadsTo(t, page, new RegExp(`=${wanted}$`))
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await lists(page, 'from c-1', 'from c-2')
  }
  await page.getByRole('textbox', { name: 'Event' }).fill('newMessage ')
  await lists(page, 'from c-1', 'from c-2')
  await page.getByRole('searchbox').pressSequentially('from ')
  await page.waitForURL('**/#name=newMessage&text=from')
  await page.getByRole('searchbox').pressSequentially('c-2')
  await lists(page, 'from c-2')
  await shows(t, async () => await page.getByRole('searchbox').inputValue(), 'from c-2', 'what is typed is left as it is')
  await page.evaluate(`location.hash = 'text=%20${ids[0]}%20'`)
  await lists(page, 'from c-1')
  t.same(misdeeds, [])
})

test('what an address has of times and states that there are not is left out', async (t) => {
  const { page, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 10 }) },
    hash: 'since=abc&until=2026-13-01T00:00:00Z&state=lost&text=order',
    before: async (app) => {
      await app.webhooks.receive(message('c', 'where is my order?'))
      await app.webhooks.receive(message('c', 'hello'))
    }
  })
  await lists(page, 'where is my order?')
  await shows(t, async () => await page.getByLabel('Received').inputValue(), '')
  await shows(t, async () => await page.getByLabel('State').inputValue(), '')
  await page.evaluate("location.hash = 'since=2026-02-01T00:00:00Z&until=never'")
  await lists(page, 'where is my order?', 'hello')
  await page.getByText(/^Received since 1 Feb 2026/).waitFor()
  t.same(misdeeds, [])
})
