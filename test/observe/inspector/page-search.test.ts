import { setTimeout as wait } from 'node:timers/promises'
import tap, { test } from 'tap'
import type { Page } from 'playwright-core'
import { memoryInbox } from '../../../index.ts'
import type { Inbox } from '../../../index.ts'
import { message } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { launch, openPage } from './browser.ts'
import { replaceFind } from './inspected.ts'
import { openInspector, rowOf } from './opened.ts'

tap.setTimeout(120_000)

const browser = await launch(tap)

/** Waits until these are shown, and no others. */
async function shown (page: Page, ...texts: string[]): Promise<void> {
  await page.locator('.foot', { hasText: new RegExp(`^${texts.length} event`) }).waitFor()
  for (const text of texts) await rowOf(page, text).waitFor()
}

test('a filter leaves what fits, and is a part of the address', async (t) => {
  const { app, page, settled, misdeeds, url } = await openInspector(t, browser)
  await app.webhooks.receive(message('c-1', 'a letter from Zürich'))
  await app.webhooks.receive(message('c-2', 'this fails'))
  await app.webhooks.receive({ event: 'campaign', text: 'all of you' })
  await settled()
  await shown(page, 'Zürich', 'this fails', 'campaign')
  await page.getByLabel('Text').fill('ZÜRICH')
  await shown(page, 'Zürich')
  await app.webhooks.receive(message('c-3', 'another one from zürich'))
  await shown(page, 'a letter', 'another one')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByLabel('State').selectOption('dead')
  await shown(page, 'this fails')
  t.match(page.url(), '#state=dead')
  await page.getByLabel('Text').fill('broken by')
  await page.locator('.foot', { hasText: '1 event, 1 event looked at' }).waitFor()
  await shown(page, 'this fails')
  const { page: other } = await openPage(t, browser, `${url}/inspector/#conversation=c-1`)
  await shown(other, 'a letter')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByRole('textbox', { name: 'Event' }).fill('campaign')
  await shown(page, 'campaign')
  await page.getByRole('textbox', { name: 'Event' }).fill('nothing')
  await page.getByText(/^Nothing fits, 4 events looked at/).waitFor()
  await page.getByRole('button', { name: 'Clear the filter' }).click()
  await shown(page, 'a letter', 'another one', 'this fails', 'campaign')
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
  await shown(page, 'this fails')
  t.equal(await page.getByLabel('State').inputValue(), 'dead')
  await page.getByLabel('Text').fill('fai')
  await page.waitForURL('**/#state=dead&text=fai')
  await page.getByLabel('Text').fill('fails')
  await page.waitForURL('**/#state=dead&text=fails')
  await page.goBack()
  await shown(page, 'this fails')
  t.equal(new URL(page.url()).hash, '#state=dead', 'what is typed is one step')
  t.equal(await page.getByLabel('Text').inputValue(), '')
  await page.goBack()
  await shown(page, 'fine', 'this fails')
  t.equal(await page.getByLabel('State').inputValue(), '')
  await page.goForward()
  await page.goForward()
  await shown(page, 'this fails')
  t.equal(await page.getByLabel('Text').inputValue(), 'fails')
  t.same(misdeeds, [])
})

test('what is pasted with a space around it is found', async (t) => {
  const ids: string[] = []
  const { page, misdeeds } = await openInspector(t, browser, {
    before: async (app) => { for (const name of ['c-1', 'c-2']) ids.push((await app.webhooks.receive(message(name, `from ${name}`))).id) }
  })
  await shown(page, 'from c-1', 'from c-2')
  for (const [label, wanted] of [['Text', ids[0]], ['Conversation', 'c-1']] as const) {
    await page.getByRole(label === 'Text' ? 'searchbox' : 'textbox', { name: label }).fill(` ${wanted}\t`)
    await shown(page, 'from c-1')
    t.match(page.url(), new RegExp(`=${wanted}$`))
    await page.getByRole('button', { name: 'Clear', exact: true }).click()
    await shown(page, 'from c-1', 'from c-2')
  }
  await page.getByRole('textbox', { name: 'Event' }).fill('newMessage ')
  await shown(page, 'from c-1', 'from c-2')
  await page.getByLabel('Text').pressSequentially('from ')
  await page.waitForURL('**/#name=newMessage&text=from')
  await page.getByLabel('Text').pressSequentially('c-2')
  await shown(page, 'from c-2')
  t.equal(await page.getByLabel('Text').inputValue(), 'from c-2', 'what is typed is left as it is')
  await page.evaluate(`location.hash = 'text=%20${ids[0]}%20'`)
  await shown(page, 'from c-1')
  t.same(misdeeds, [])
})

test('a search waits for the end of the typing, or for Enter', async (t) => {
  const { page, misdeeds } = await openInspector(t, browser, { before: async (app) => { await app.webhooks.receive(message('c', 'where is my order?')) } })
  await rowOf(page, 'where is my order?').waitFor()
  const asked: string[] = []
  page.on('request', (request) => { if (request.url().includes('api/events?')) asked.push(decodeURIComponent(new URL(request.url()).search)) })
  // The page's time goes on only as it is told to, however slow the machine is.
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 60_000)
  for (const letter of 'where is') {
    await page.getByLabel('Text').press(letter)
    await page.clock.runFor(20)
  }
  t.same(asked, [])
  await Promise.all([page.waitForRequest(/text=where\+is$/), page.clock.runFor(400)])
  t.same(asked, ['?text=where+is'])
  const asks = page.waitForRequest(/text=where\+is\+my$/)
  await page.getByLabel('Text').fill('where is my')
  await page.keyboard.press('Enter')
  await page.clock.runFor(100)
  await asks
  t.match(page.url(), /text=where\+is\+my$/)
  t.same(asked, ['?text=where+is', '?text=where+is+my'])
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
  await shown(page, 'where is my order?')
  t.equal(await page.getByLabel('Received').inputValue(), '')
  t.equal(await page.getByLabel('State').inputValue(), '')
  await page.evaluate("location.hash = 'since=2026-02-01T00:00:00Z&until=never'")
  await shown(page, 'where is my order?', 'hello')
  await page.getByText(/^Received since 1 Feb 2026/).waitFor()
  t.same(misdeeds, [])
})

/** An inbox in which it takes long to look for something. */
function createSlow (): { inbox: Inbox, slow: { is: boolean } } {
  const model = new ModelInbox()
  const list = model.list.bind(model)
  const inbox: Inbox = model
  const slow = { is: false }
  inbox.list = async (options = {}) => {
    if (slow.is && options.before !== undefined) await wait(300)
    return list(options)
  }
  return { inbox, slow }
}

test('a search says how far it is, can be stopped and gone on with, and ends when it is not wanted', async (t) => {
  const { inbox, slow } = createSlow()
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox } })
  await app.webhooks.receive(message('a', 'the needle'))
  for (let i = 1; i < 3_000; i++) await app.webhooks.receive({ event: 'hay', i })
  await settled()
  slow.is = true
  await page.getByLabel('Text').fill('the needle')
  const foot = page.locator('.foot')
  await foot.getByText(/^0 events, 1,\d00 of 3,000 looked at…/).waitFor()
  await foot.getByRole('button', { name: 'Stop' }).click()
  await foot.getByText(/looked at, stopped/).waitFor()
  await app.webhooks.receive({ event: 'hay', i: 'new' })
  const again = page.getByRole('button', { name: '1 event came in since: look again' })
  await again.waitFor()
  await foot.getByRole('button', { name: 'Go on' }).click()
  await foot.getByText(/^1 event, 3,000 events looked at/).waitFor()
  await rowOf(page, 'the needle').waitFor()
  const asked: string[] = []
  page.on('request', (request) => { if (request.url().includes('api/events?')) asked.push(request.url()) })
  await again.click()
  await again.waitFor({ state: 'detached' })
  t.equal(asked.length, 1, 'only what is new is looked at')
  const givenUp: string[] = []
  page.on('requestfailed', (request) => { givenUp.push(decodeURIComponent(new URL(request.url()).search)) })
  await page.getByLabel('Text').fill('another needle')
  await foot.getByText(/^0 events, 1,\d00 of/).waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  await foot.getByText(/^\d+ events, more below/).waitFor()
  t.match(givenUp.join(), 'text=another+needle')
  t.same(misdeeds, [])
})

test('what an index finds is shown at once, and what is found between comes between', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  await app.webhooks.receive(message('c-pasted', 'the oldest'))
  for (let i = 1; i <= 4; i++) await app.webhooks.receive(message('other', i % 2 === 0 ? `number ${i}, of c-pasted` : `hay ${i}`))
  let parts = 0
  const goesOn = Promise.withResolvers<undefined>()
  replaceFind(app, async (options, find) => {
    if (options.text === undefined) return await find(options)
    if (options.before !== undefined && ++parts === 1) await goesOn.promise
    const [event] = await app.webhooks.inbox.list({ before: options.before, limit: 1 })
    return { ...await find({ ...options, before: (event?.seq ?? 1) + 1, since: event?.receivedAt, limit: 1 }), scanned: event === undefined ? 0 : 1, before: event?.seq ?? null }
  })
  await page.getByLabel('Text').fill('c-pasted')
  await page.locator('.foot', { hasText: /^2 events, 1 of 5 looked at/ }).waitFor()
  t.same(await page.locator('.rows .row .content bdi').allTextContents(), ['number 4, of c-pasted', 'the oldest'])
  goesOn.resolve(undefined)
  await page.locator('.foot', { hasText: /^3 events, 5 events looked at/ }).waitFor()
  t.same(await page.locator('.rows .row .content bdi').allTextContents(), ['number 4, of c-pasted', 'number 2, of c-pasted', 'the oldest'], 'each once')
  t.same(misdeeds, [])
})

test('when more came in than the page was told of, it offers one thing: to look again', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 1_000 }) },
    hash: 'text=number',
    before: async (app) => { await app.webhooks.receive(message('c', 'number 0.')) }
  })
  await page.locator('.rows .row').first().hover()
  await Promise.all(Array.from({ length: 600 }, async (_, i) => await app.webhooks.receive(message('c', `number ${i + 1}.`))))
  const news = page.locator('.news button')
  await news.getByText('More has come in since: look again').waitFor()
  t.equal(await news.count(), 1)
  await news.click()
  await rowOf(page, 'number 600.').waitFor()
  await news.waitFor({ state: 'detached' })
  t.same(misdeeds, [])
})

test('a time range is chosen by its length, or from and to, and is said in words with its zone', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 10 }) },
    context: { timezoneId: 'Africa/Lagos' },
    before: async (app) => { await app.webhooks.receive(message('c', 'of now.')) }
  })
  await page.getByLabel('Received').selectOption('last 15 min')
  await shown(page, 'of now.')
  t.match(page.url(), /#since=15m$/)
  await page.reload()
  await shown(page, 'of now.')
  t.equal(await page.getByLabel('Received').inputValue(), '15m')
  await app.webhooks.receive(message('c', 'of now, too'))
  await shown(page, 'of now.', 'of now, too')
  await page.getByLabel('Received').selectOption('from – to')
  await page.getByLabel('From', { exact: true }).fill('2026-01-02T03:04:05')
  await page.getByLabel('to', { exact: true }).fill('2026-01-02T04:00:00')
  await page.getByText(/^Received from 2 Jan 2026, 03:04:05 (GMT\+1|WAT) to 2 Jan 2026, 04:00:00 (GMT\+1|WAT)$/).waitFor()
  await page.waitForURL('**/#since=2026-01-02T02%3A04%3A05.000Z&until=2026-01-02T03%3A00%3A00.000Z')
  await page.getByText(/^Nothing fits.*from 2 Jan 2026, 03:04:05 .* to 2 Jan 2026, 04:00:00/).waitFor()
  await page.getByRole('button', { name: 'Look in the last 7 days' }).click()
  await shown(page, 'of now.', 'of now, too')
  await page.getByRole('button', { name: 'At any time', exact: true }).click()
  t.equal(new URL(page.url()).hash, '')
  t.same(misdeeds, [])
})

test('a range that goes on with the time is one with each request, and what is typed by hand, too', async (t) => {
  const { page, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 10 }) },
    hash: 'since=1h',
    before: async (app) => { await app.webhooks.receive(message('c', 'of now.')) }
  })
  await shown(page, 'of now.')
  t.equal(await page.getByLabel('Received').inputValue(), '1h')
  const since = async (act: () => Promise<unknown>) => {
    const [request] = await Promise.all([page.waitForRequest(/api\/events\?/), act()])
    return Date.now() - Date.parse(new URL(request.url()).searchParams.get('since') ?? '')
  }
  const hours = async (act: () => Promise<unknown>) => Math.round(await since(act) / 3_600_000 * 100) / 100
  t.equal(await hours(async () => { await page.getByLabel('State').selectOption('done') }), 1)
  await page.clock.setSystemTime(Date.now() + 7_200_000)
  t.equal(await hours(async () => { await page.getByLabel('State').selectOption('') }), -1, 'the time has gone on')
  await page.getByText('Nothing fits').waitFor()
  await page.getByText('received in the last hour').waitFor()
  t.equal(await hours(async () => { await page.evaluate("location.hash = 'since=3h'") }), 1)
  await shown(page, 'of now.')
  t.equal(await page.getByLabel('Received').inputValue(), 'own')
  await page.getByText(/^Received since \d+ \w+ \d{4}/).waitFor()
  t.same(misdeeds, [])
})

test('"No events yet" is said only where the inbox is empty', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox() } })
  await page.getByText('No events yet.').waitFor()
  await app.webhooks.receive(message('c', 'gone at once'))
  await settled()
  await page.getByText(/^The inbox is empty\. The last event came in /).waitFor()
  t.equal(await page.getByText('No events yet.').count(), 0)
  await page.getByLabel('Text').fill('what is not there')
  await page.getByText('Nothing fits, 0 events looked at').waitFor()
  t.same(misdeeds, [])
})
