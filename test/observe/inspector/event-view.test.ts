import tap, { test } from 'tap'
import type { BrowserContextOptions, Page } from 'playwright-core'
import type { StoredEvent } from '../../../index.ts'
import { memoryInbox } from '../../../index.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { launch, openPage } from './browser.ts'
import { barriersOn, openInspector, rowOf } from './opened.ts'

tap.setTimeout(120_000)

const browser = await launch(tap)
const SLOW = { minDelay: 200_000, maxDelay: 200_000, factor: 1 }
const RLO = '\u202E'

const view = (page: Page) => page.locator('.event-view')
const fact = (page: Page, name: string) => view(page).locator('.facts > div', { hasText: name }).locator('dd')

test('an event has an address, which opens it alone in another tab, and Back closes it', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(newMessage({ message: { content: 'where is my order?', sender: { name: 'Ada Okafor' } } }))
  await settled()
  await rowOf(page, 'where is my order?').click()
  await view(page).getByRole('heading', { name: 'Ada Okafor' }).waitFor()
  t.match(page.url(), `#event=${id}`)
  t.equal(await view(page).locator('.said-in-full .text').textContent(), 'where is my order?')
  const link = page.url()
  await page.goBack()
  await view(page).waitFor({ state: 'detached' })
  t.equal(await page.evaluate('document.activeElement.role'), 'grid', 'where one was before')
  await page.goForward()
  await view(page).getByRole('heading', { name: 'Ada Okafor' }).waitFor()
  await page.keyboard.press('Escape')
  await view(page).waitFor({ state: 'detached' })
  t.notMatch(page.url(), 'event=')

  const { page: other, misdeeds: others } = await openPage(t, browser, `${link}&state=dead`)
  await view(other).getByRole('heading', { name: 'Ada Okafor' }).waitFor()
  t.equal(await other.locator('.rows .row').count(), 0)
  for (const name of ['Previous event', 'Next event']) t.equal(await view(other).getByRole('button', { name }).getAttribute('aria-disabled'), 'true')
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
  const shows = async (text: string) => { await view(page).locator('.said-in-full .text', { hasText: text }).waitFor() }
  await shows('third')
  t.equal(await view(page).getByRole('button', { name: 'Previous event' }).getAttribute('aria-disabled'), 'true')
  await page.keyboard.press('k')
  await page.keyboard.press('j')
  await shows('second')
  await view(page).getByRole('button', { name: 'Copy JSON' }).focus()
  await page.keyboard.press('ArrowRight')
  await shows('first')
  await page.keyboard.press('ArrowLeft')
  await shows('second')
  t.equal(await page.evaluate("document.querySelector('.event-view').contains(document.activeElement)"), true, 'what had the focus is gone, and the dialog still has it')
  const next = view(page).getByRole('button', { name: 'Next event' })
  await next.click()
  await shows('first')
  t.equal(await next.getAttribute('aria-disabled'), 'true')
  t.equal(await page.evaluate('document.activeElement.ariaLabel'), 'Next event')
  await view(page).getByRole('button', { name: 'Discard…' }).click()
  await page.getByRole('dialog', { name: 'Discard this event?' }).waitFor()
  await page.keyboard.press('k')
  await page.keyboard.press('Escape')
  await shows('first')
  await page.goBack()
  await view(page).waitFor({ state: 'detached' })
  t.same(misdeeds, [])
})

test('what keeps failing says what waits for it, and what waits says for what', async (t) => {
  const ids: string[] = []
  const { page, app, misdeeds, mended } = await openInspector(t, browser, {
    options: { retry: SLOW },
    before: async (app) => {
      for (const content of ['it fails', 'one', 'two']) ids.push((await app.webhooks.receive(newMessage({ message: { content, sender: { name: 'Ada' } }, conversation: { id: 'c-1' } }))).id)
      while ((await app.webhooks.inbox.stats()).failing === 0) await new Promise((resolve) => { setImmediate(resolve) })
    }
  })
  await rowOf(page, 'it fails').first().waitFor()
  await page.evaluate(`location.hash = 'event=${ids[0] ?? ''}'`)
  t.equal(await view(page).locator('.waits').textContent(), '2 events of this conversation wait for it')
  t.match(await fact(page, 'Next attempt').textContent(), /^in \d min$/)
  await app.webhooks.receive(message('c-1', 'three'))
  await view(page).locator('.waits', { hasText: /^3 events/ }).waitFor()
  await page.evaluate(`location.hash = 'event=${ids[1] ?? ''}'`)
  await view(page).locator('.waits', { hasText: /^Waits for Ada: it fails, which has failed once; next attempt in \d min2 events of this conversation wait behind it$/ }).waitFor()
  await view(page).locator('.waits a', { hasText: 'Ada: it fails' }).click()
  await view(page).locator('.said-in-full .text', { hasText: 'it fails' }).waitFor()
  await page.goBack()
  await view(page).locator('.said-in-full .text', { hasText: 'one' }).waitFor()
  mended.is = true
  t.same(misdeeds, [])
})

test('what a customer or a listener writes stays text, is no trap, and turns nothing around', async (t) => {
  const attack = `${RLO}<img src=x onerror="window.attacked = true"><a href="https://evil.example">click</a>`
  const { page, app, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  app.webhooks.on('newMessage', function notify () { throw new Error(attack) })
  const event = newMessage({
    message: { content: `${attack}${'مرحبا '.repeat(1_000)}`, sender: { name: `Eve ${RLO}` }, imageUrl: 'javascript:alert(1)', documentUrl: 'https://xn--evl-tma.example/a%20b.pdf', audioUrl: '//nowhere.example/a.ogg' },
    conversation: { id: `c ${RLO}`, Channel: { medium: `${RLO}WHATSAPP` } }
  })
  await t.rejects(app.webhooks.receive(event))
  const [stored] = await app.webhooks.inbox.list()
  await page.evaluate(`location.hash = 'event=${stored?.id ?? ''}'`)
  await view(page).getByRole('heading', { name: 'Eve', level: 2 }).waitFor()
  t.equal(await view(page).locator('.said-in-full .text').textContent(), event.message.content)
  t.equal(await view(page).locator('img, .said-in-full b').count(), 0)
  t.same(await page.evaluate("Array.from(document.querySelectorAll('a[target]'), (link) => [link.getAttribute('href'), link.rel, link.textContent])"),
    [['https://xn--evl-tma.example/a%20b.pdf', 'noreferrer noopener', 'Open at xn--evl-tma.example']])
  t.equal(await page.evaluate('window.attacked'), undefined)
  t.same(await page.evaluate(`(${IS_ISOLATED})(${JSON.stringify(RLO)})`), [])
  t.equal(await page.evaluate('document.documentElement.scrollWidth > innerWidth || document.querySelector(".event-view").scrollWidth > document.querySelector(".event-view").clientWidth'), false)
  t.same(misdeeds, [])
})

/** Texts with a character that turns what follows around, and which nothing holds back. */
const IS_ISOLATED = `(character) => {
  const found = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const node = walker.currentNode
    if (!node.textContent.includes(character)) continue
    const { unicodeBidi, display } = getComputedStyle(node.parentElement)
    const isOnlyChild = node.parentElement.childNodes.length === 1
    if (!/isolate|plaintext/.test(unicodeBidi) && !(display === 'block' && isOnlyChild)) found.push(node.parentElement.outerHTML)
  }
  return found
}`

test('an event that has left its conversation says that nothing waits for it', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, { options: { inbox: new ModelInbox(), retry: { ...SLOW, blockFor: 0 } } })
  const { id } = await app.webhooks.receive(message('c', 'it fails'))
  await app.webhooks.receive(message('c', 'fine'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  await view(page).locator('.waits', { hasText: /^Nothing waits for it/ }).waitFor()
  await view(page).getByRole('link', { name: 'Show the conversation' }).click()
  await page.locator('.message.pending .waits', { hasText: 'Nothing waits for it' }).waitFor()
  await page.locator('.message.done', { hasText: 'fine' }).waitFor()
  t.same(misdeeds, [])
})

test('an invalid event says what is wrong with it', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, { options: { inbox: new ModelInbox() } })
  const { id } = await app.webhooks.receive('{"event":"newMessage","message":{"sender":{"name":{}}},"conversation":{"id":"c"}}')
  await page.evaluate(`location.hash = 'event=${id}'`)
  await fact(page, 'Problems').locator('li', { hasText: '/message/sender/name' }).waitFor()
  t.ok(await fact(page, 'Problems').locator('li').count() > 1)
  t.same(misdeeds, [])
})

/** As an inbox of one's own might keep them. */
class Patient extends ModelInbox {
  override get (id: string): StoredEvent | undefined {
    const event = super.get(id)
    const deliveries = Array.from({ length: 200 }, (_, i) => ({ attempt: i + 1, startedAt: new Date(i), duration: 1, completed: [], failures: [{ listener: 'answer', duration: 1, error: `failure ${i + 1}` }] }))
    return event && { ...event, deliveries }
  }
}

test('of many deliveries the last are shown first', async (t) => {
  const { page, app } = await openInspector(t, browser, { options: { inbox: new Patient() } })
  const { id } = await app.webhooks.receive(message('c', 'it fails'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  const attempts = view(page).locator('.deliveries > li')
  await attempts.last().getByText('failure 200').waitFor()
  t.equal(await attempts.count(), 10)
  await view(page).getByRole('button', { name: 'Show 190 earlier' }).click()
  await attempts.first().getByText('failure 1', { exact: true }).waitFor()
  t.equal(await attempts.count(), 200)
})

test('times are relative or absolute with their zone, and remembered', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, { context: { timezoneId: 'Africa/Lagos', locale: 'de-DE' }, options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(message('c', 'hello'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  const time = fact(page, 'Received').locator('time')
  t.match(await time.textContent(), /^(now|\d+ s ago)$/)
  t.match(await time.getAttribute('title'), /^\d+ \w+ \d{4}, \d\d:\d\d:\d\d GMT\+1$/)
  t.equal(await time.getAttribute('datetime'), (await app.webhooks.inbox.get(id))?.receivedAt.toISOString())
  await view(page).getByRole('button', { name: 'Exact times, GMT+1' }).click()
  t.match(await time.textContent(), /^\d+ \w+ \d{4}, \d\d:\d\d:\d\d GMT\+1$/)
  t.match(await time.getAttribute('title'), /^(now|\d+ s ago)$/)
  await page.reload()
  t.match(await time.textContent(), / GMT\+1$/)
  t.same(misdeeds, [])
})

const looks: Record<string, BrowserContextOptions> = {
  'in light': { colorScheme: 'light' },
  'in dark': { colorScheme: 'dark' },
  'on a phone': { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
}

for (const [name, context] of Object.entries(looks)) {
  test(`nothing is in the way of those who cannot see or use a mouse well, ${name}`, async (t) => {
    const { page, app, misdeeds } = await openInspector(t, browser, { context: { ...context, reducedMotion: 'reduce' }, options: { retry: SLOW } })
    const { id } = await app.webhooks.receive(newMessage({ message: { content: 'this fails', imageUrl: 'https://cdn.example/a.jpg' } }))
    await page.evaluate(`location.hash = 'event=${id}'`)
    await view(page).locator('.deliveries .failed').waitFor()
    t.same(await barriersOn(page), [])
    t.equal(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'), false, 'nothing is wider than the page')
    t.same(misdeeds, [])
  })
}
