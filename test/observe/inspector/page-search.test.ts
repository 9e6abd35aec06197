import { setTimeout as wait } from 'node:timers/promises'
import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import type { Inbox } from '../../../index.ts'
import { gate, message } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { launch } from './browser.ts'
import { replaceFind } from './inspected.ts'
import { openInspector, rowOf } from './opened.ts'
import { leadsTo, shows } from './shows.ts'

const browser = await launch(tap)

test('a search waits for the end of the typing, or for Enter', async (t) => {
  const { page, misdeeds } = await openInspector(t, browser, { before: async (app) => { await app.webhooks.receive(message('c', 'where is my order?')) } })
  await rowOf(page, 'where is my order?').waitFor()
  const asked: string[] = []
  page.on('request', (request) => { if (request.url().includes('api/events?')) asked.push(decodeURIComponent(new URL(request.url()).search)) })
  // The page's time goes on only as it is told to, however slow the machine is.
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 60_000)
  for (const letter of 'where is') {
    await page.getByRole('searchbox').press(letter)
    await page.clock.runFor(20)
  }
  t.same(asked, [])
  await Promise.all([page.waitForRequest(/text=where\+is$/), page.clock.runFor(400)])
  t.same(asked, ['?text=where+is'])
  const asks = page.waitForRequest(/text=where\+is\+my$/)
  await page.getByRole('searchbox').fill('where is my')
  await page.keyboard.press('Enter')
  await page.clock.runFor(100)
  await asks
  await leadsTo(t, page, /text=where\+is\+my$/)
  t.same(asked, ['?text=where+is', '?text=where+is+my'])
  t.same(misdeeds, [])
})

/** An inbox in which a search does not come further than the first thousand events as long as it is held. */
function createHeld (): { inbox: Inbox, hold: () => () => void } {
  const model = new ModelInbox()
  const list = model.list.bind(model)
  const inbox: Inbox = model
  let held: PromiseWithResolvers<undefined> | undefined
  inbox.list = async (options = {}) => {
    // So long that the server does not wait for more, and answers with what it has.
    if (held !== undefined && options.before !== undefined) await (options.before > 900 ? wait(300) : held.promise)
    return list(options)
  }
  const hold = () => {
    const now = held = gate()
    return () => {
      held = undefined
      now.resolve(undefined)
    }
  }
  return { inbox, hold }
}

test('a search says how far it is, can be stopped and gone on with, and ends when it is not wanted', async (t) => {
  const { inbox, hold } = createHeld()
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox } })
  await app.webhooks.receive(message('a', 'the needle'))
  for (let i = 1; i < 1_500; i++) await app.webhooks.receive({ event: 'hay', i })
  await settled()
  const goOn = hold()
  await page.getByRole('searchbox').fill('the needle')
  const foot = page.locator('.foot')
  await foot.getByText(/^0 events, 1,000 of 1,500 looked at…/).waitFor()
  await foot.getByRole('button', { name: 'Stop' }).click()
  await foot.getByText(/looked at, stopped/).waitFor()
  await app.webhooks.receive({ event: 'hay', i: 'new' })
  const again = page.getByRole('button', { name: '1 event came in since: look again' })
  await again.waitFor()
  goOn()
  await foot.getByRole('button', { name: 'Go on' }).click()
  await foot.getByText(/^1 event, 1,500 events looked at/).waitFor()
  await rowOf(page, 'the needle').waitFor()
  const asked: string[] = []
  page.on('request', (request) => { if (request.url().includes('api/events?')) asked.push(request.url()) })
  await again.click()
  await again.waitFor({ state: 'detached' })
  t.equal(asked.length, 1, 'only what is new is looked at') // it is shown: nothing more is asked for
  const givenUp: string[] = []
  page.on('requestfailed', (request) => { givenUp.push(decodeURIComponent(new URL(request.url()).search)) })
  const end = hold()
  await page.getByRole('searchbox').fill('another needle')
  await foot.getByText(/^0 events, 1,000 of/).waitFor()
  await page.getByRole('button', { name: 'Clear' }).click()
  await foot.getByText(/^\d+ events, more below/).waitFor()
  await shows(t, async () => givenUp.join(), /text=another\+needle/)
  end()
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
  await page.getByRole('searchbox').fill('c-pasted')
  await page.locator('.foot', { hasText: /^2 events, 1 of 5 looked at/ }).waitFor()
  await shows(t, async () => await page.locator('.rows .row .content bdi').allTextContents(), ['number 4, of c-pasted', 'the oldest'])
  goesOn.resolve(undefined)
  await page.locator('.foot', { hasText: /^3 events, 5 events looked at/ }).waitFor()
  await shows(t, async () => await page.locator('.rows .row .content bdi').allTextContents(), ['number 4, of c-pasted', 'number 2, of c-pasted', 'the oldest'], 'each once')
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
  await shows(t, async () => await news.count(), 1)
  await news.click()
  await rowOf(page, 'number 600.').waitFor()
  await news.waitFor({ state: 'detached' })
  t.same(misdeeds, [])
})

test('"No events yet" is said only where the inbox is empty', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox() } })
  await page.getByText('No events yet.').waitFor()
  await app.webhooks.receive(message('c', 'gone at once'))
  await settled()
  await page.getByText(/^The inbox is empty\. The last event came in /).waitFor()
  t.equal(await page.getByText('No events yet.').count(), 0)
  await page.getByRole('searchbox').fill('what is not there')
  await page.getByText('Nothing fits, 0 events looked at').waitFor()
  t.same(misdeeds, [])
})
