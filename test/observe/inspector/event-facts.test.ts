import tap, { test } from 'tap'
import type { StoredEvent } from '../../../index.ts'
import { memoryInbox } from '../../../index.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { launch } from './browser.ts'
import { fact, openInspector, view } from './opened.ts'
import { shows } from './shows.ts'

const RLO = '\u202E'

const browser = await launch(tap)

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
  await shows(t, async () => await view(page).locator('.said-in-full .text').textContent(), event.message.content)
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

test('an invalid event says what is wrong with it', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, { options: { inbox: new ModelInbox() } })
  const { id } = await app.webhooks.receive('{"event":"newMessage","message":{"sender":{"name":{}}},"conversation":{"id":"c"}}')
  await page.evaluate(`location.hash = 'event=${id}'`)
  await fact(page, 'Problems').locator('li', { hasText: '/message/sender/name' }).waitFor()
  await shows(t, async () => await fact(page, 'Problems').locator('li').count() > 1, true)
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
  await shows(t, async () => await attempts.count(), 10)
  await view(page).getByRole('button', { name: 'Show 190 earlier' }).click()
  await attempts.first().getByText('failure 1', { exact: true }).waitFor()
  await shows(t, async () => await attempts.count(), 200)
})

test('an event has its times in both forms', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, { context: { timezoneId: 'Africa/Lagos', locale: 'de-DE' }, options: { inbox: new ModelInbox() } })
  const { id } = await app.webhooks.receive(message('c', 'it fails'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  for (const name of ['Received', 'Finished']) await shows(t, async () => await fact(page, name).textContent(), /^\d+ \w+ \d{4}, \d\d:\d\d:\d\d GMT\+1 \((now|\d+ s ago)\)$/)
  await shows(t, async () => await view(page).locator('.deliveries time').first().textContent(), / GMT\+1 \((now|\d+ s ago)\)$/)
  t.equal(await fact(page, 'Received').locator('time').getAttribute('datetime'), (await app.webhooks.inbox.get(id))?.receivedAt.toISOString())
  t.same(misdeeds, [])
})

test('times of a list are relative or absolute with their zone, and remembered', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, { context: { timezoneId: 'Africa/Lagos', locale: 'de-DE' }, options: { inbox: memoryInbox({ history: 10 }) } })
  await app.webhooks.receive(message('c', 'hello'))
  await page.evaluate("location.hash = 'thread=c'")
  const time = page.locator('.message time')
  await shows(t, async () => await time.textContent(), /^(now|\d+ s ago)$/)
  await shows(t, async () => await time.getAttribute('title'), /^\d+ \w+ \d{4}, \d\d:\d\d:\d\d GMT\+1$/)
  await page.getByRole('button', { name: 'Exact times, GMT+1' }).click()
  await shows(t, async () => await time.textContent(), /^\d+ \w+ \d{4}, \d\d:\d\d:\d\d GMT\+1$/)
  await shows(t, async () => await time.getAttribute('title'), /^(now|\d+ s ago)$/)
  await page.reload()
  await shows(t, async () => await time.textContent(), / GMT\+1$/)
  t.same(misdeeds, [])
})
