import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { memoryInbox } from '../../../index.ts'
import type { WebhooksOptions } from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { createApp, message, turns } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { launch, openPage } from './browser.ts'
import { addShortLived } from './inspected.ts'
import { receiveSamples } from './samples.ts'

tap.setTimeout(120_000)

const browser = await launch(tap)
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RETRY = { attempts: 2, minDelay: 1, maxDelay: 1, factor: 1 }

/** An app whose listener fails on what says so, and its inspector in a browser. */
async function open (t: Test, { options = {}, context = {}, before = async () => {} }: { options?: WebhooksOptions, context?: BrowserContextOptions, before?: (app: Awaited<ReturnType<typeof createApp>>['app']) => Promise<void> } = {}) {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: RETRY, ...options })
  await app.register(inspector, { prefix: '/inspector', authorize: 'loopback' })
  const mended = { is: false }
  app.webhooks.on('newMessage', function answer ({ message }) { const content = String(message.content); if (content.includes('fails') && !mended.is) throw new Error(`broken by <b>${content.length}</b>`) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await before(app)
  const { page, misdeeds } = await openPage(t, browser, `${url}/inspector/`, context)
  await page.getByText('live', { exact: true }).waitFor()
  const settled = async () => { while ((await app.webhooks.inbox.stats()).pending > 0) await turns() }
  return { app, page, misdeeds, mended, settled, url }
}

const rowOf = (page: Page, text: string) => page.locator('.rows .row', { hasText: text })

test('events appear as they come, without a reload', async (t) => {
  const { app, page, misdeeds } = await open(t)
  await page.getByText('No events yet.').waitFor()
  await page.evaluate('window.sameDocument = true')
  await app.webhooks.receive(message('c-1', 'the first'))
  await rowOf(page, 'the first').waitFor()
  await app.webhooks.receive(message('c-2', 'the second fails'))
  await rowOf(page, 'the second fails').locator('.badge.dead').waitFor()
  t.same(await page.evaluate("Array.from(document.querySelectorAll('.rows .content'), (cell) => cell.firstChild.textContent)"), ['the second fails', 'the first'], 'newest first')
  t.equal(await page.evaluate('window.sameDocument'), true)
  await page.locator('.count.alarm', { hasText: 'Dead' }).getByText('1', { exact: true }).waitFor()
  await page.getByRole('img', { name: /1 delivered, 1 failed, to be tried again, 1 dead, 0 refused/ }).waitFor()
  t.same(misdeeds, [])
})

test('a filter leaves what fits, and is a part of the address', async (t) => {
  const { app, page, settled, misdeeds, url } = await open(t)
  await app.webhooks.receive(message('c-1', 'a letter from Zürich'))
  await app.webhooks.receive(message('c-2', 'this fails'))
  await app.webhooks.receive({ event: 'campaign', text: 'all of you' })
  await settled()
  const shown = async (...texts: string[]) => {
    await page.locator('.foot', { hasText: new RegExp(`^${texts.length} event`) }).waitFor()
    for (const text of texts) await rowOf(page, text).waitFor()
  }
  await shown('Zürich', 'this fails', 'campaign')
  await page.getByLabel('Text').fill('ZÜRICH')
  await shown('Zürich')
  await app.webhooks.receive(message('c-3', 'another one from zürich'))
  await shown('a letter', 'another one')
  await page.getByRole('button', { name: 'Clear' }).click()
  await page.getByLabel('State').selectOption('dead')
  await shown('this fails')
  t.match(page.url(), '#state=dead')
  const { page: other } = await openPage(t, browser, `${url}/inspector/#conversation=c-1`)
  await other.locator('.foot', { hasText: '1 event' }).waitFor()
  await rowOf(other, 'a letter').waitFor()
  await page.getByLabel('State').selectOption('')
  await page.getByRole('textbox', { name: 'Event' }).fill('campaign')
  await shown('campaign')
  await page.getByRole('textbox', { name: 'Event' }).fill('nothing')
  await page.getByText(/^Nothing fits, 4 events looked at/).waitFor()
  t.same(misdeeds, [])
})

test('one event is shown in full, and replayed', async (t) => {
  const { app, page, mended, settled, misdeeds } = await open(t)
  await app.webhooks.receive(message('c-1', 'this fails'))
  await settled()
  await rowOf(page, 'this fails').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Attempt 2').waitFor()
  t.same(await dialog.locator('.deliveries .error').allTextContents(), ['broken by <b>10</b>', 'broken by <b>10</b>'])
  t.equal(await dialog.locator('.json .key').first().textContent(), '"event"')
  t.same(JSON.parse(await dialog.locator('.json').textContent() ?? ''), message('c-1', 'this fails'))
  mended.is = true
  await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
  await dialog.locator('.badge.done').waitFor()
  await page.getByText('The event is delivered again').waitFor()
  await dialog.getByRole('button', { name: 'Close' }).click()
  await rowOf(page, 'this fails').locator('.badge.done').waitFor()
  t.same(misdeeds, [])
})

test('all dead events are replayed once one has said yes to how many', async (t) => {
  const { app, page, mended, settled } = await open(t)
  for (let i = 0; i < 3; i++) await app.webhooks.receive(message(`c-${i}`, `it fails ${i}`))
  await settled()
  mended.is = true
  await page.getByRole('button', { name: 'Replay all dead' }).click()
  await page.getByRole('heading', { name: 'Replay 3 events?' }).waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  t.match(await app.webhooks.inbox.stats(), { dead: 3 })
  await page.getByRole('button', { name: 'Replay all dead' }).click()
  await page.getByRole('button', { name: 'Replay 3 events' }).click()
  await page.getByText('3 events put back').waitFor()
  await settled()
  t.match(await app.webhooks.inbox.stats(), { dead: 0, done: 3 })
})

test('a dead event is replayed for those of its listeners that failed, or for all', async (t) => {
  const { app, page, settled, misdeeds } = await open(t, { options: { inbox: new ModelInbox() } })
  let calls = 0
  app.webhooks.on('newMessage', function count () { calls++ })
  await app.webhooks.receive(message('c-1', 'this fails'))
  await settled()
  await rowOf(page, 'this fails').click()
  const dialog = page.getByRole('dialog')
  for (const [name, expected] of [['Replay', 1], ['Replay for all listeners', 2]] as const) {
    await dialog.getByRole('button', { name, exact: true }).click()
    await page.getByText('The event is delivered again').waitFor()
    await settled()
    await dialog.locator('.badge.dead').waitFor()
    t.equal(calls, expected, name)
  }
  t.same(misdeeds, [])
})

test('an event is discarded once one has said yes, and every page is told', async (t) => {
  const { app, page, settled, misdeeds, url } = await open(t, { options: { inbox: memoryInbox({ history: 100 }) } })
  for (const content of ['keep me', 'take me away']) await app.webhooks.receive(message('c-1', content))
  await settled()
  const { page: other } = await openPage(t, browser, `${url}/inspector/`)
  await rowOf(other, 'take me away').waitFor()
  await rowOf(page, 'take me away').click()
  await page.getByRole('button', { name: 'Discard…' }).click()
  await page.getByRole('heading', { name: 'Discard this event?' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Discard this event?' }).waitFor({ state: 'detached' })
  t.equal((await app.webhooks.inbox.list()).length, 2)
  await page.getByRole('button', { name: 'Discard…' }).click()
  await page.getByRole('button', { name: 'Discard', exact: true }).click()
  await page.getByText('The event is discarded').waitFor()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  for (const one of [page, other]) {
    await rowOf(one, 'take me away').waitFor({ state: 'detached' })
    await rowOf(one, 'keep me').waitFor()
  }
  t.match(await app.webhooks.inbox.list(), { length: 1, 0: { event: { message: { content: 'keep me' } } } })
  t.same(misdeeds, [])
})

test('a conversation is forgotten once one has read which, and said yes', async (t) => {
  const { app, page, settled, misdeeds } = await open(t, { options: { inbox: memoryInbox({ history: 100 }) } })
  for (const [conversation, content] of [['c-1', 'hers'], ['c-2', 'the one'], ['c-2', 'the other']] as const) await app.webhooks.receive(message(conversation, content))
  await app.webhooks.receive({ event: 'alone', message: { content: 'of no conversation' } })
  await settled()
  await rowOf(page, 'of no conversation').click()
  await page.getByRole('button', { name: 'Discard…' }).waitFor()
  t.equal(await page.getByRole('button', { name: 'Forget conversation…' }).count(), 0)
  await page.keyboard.press('Escape')
  await rowOf(page, 'the one').click()
  const ask = async () => {
    await page.getByRole('button', { name: 'Forget conversation…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Forget this conversation?' })
    t.equal(await dialog.locator('code').textContent(), 'c-2')
    return dialog
  }
  await (await ask()).getByRole('button', { name: 'Cancel' }).click()
  t.equal((await app.webhooks.inbox.list()).length, 4)
  await (await ask()).getByRole('button', { name: 'Forget conversation' }).click()
  await page.getByText('The conversation is forgotten: 2 events removed').waitFor()
  await rowOf(page, 'hers').waitFor()
  await page.locator('.foot', { hasText: '2 events' }).waitFor()
  t.same((await app.webhooks.inbox.list()).map(({ lane }) => lane).includes('c-2'), false)
  t.same(misdeeds, [])
})

test('a conversation that is not to be shown cannot be forgotten here', async (t) => {
  const { app, page } = await open(t, { options: { inbox: memoryInbox({ history: 10 }), lane: () => 'of s3cret-key' } })
  await app.webhooks.receive(newMessage({ message: { content: 'hidden' }, conversation: { Channel: { credentials: { key: 's3cret-key' } } } }))
  await rowOf(page, 'hidden').click()
  await page.getByRole('button', { name: 'Discard…' }).waitFor()
  t.equal(await page.getByRole('dialog').getByText('[redacted]', { exact: true }).count(), 1)
  t.equal(await page.getByRole('button', { name: 'Forget conversation…' }).count(), 0)
})

test('all dead events are discarded once one has said yes to how many', async (t) => {
  const { app, page, settled } = await open(t, { options: { inbox: memoryInbox({ history: 100 }) } })
  for (let i = 0; i < 3; i++) await t.rejects(app.webhooks.receive(message(`c-${i}`, `it fails ${i}`)))
  await app.webhooks.receive(message('c-1', 'fine'))
  await settled()
  await page.getByRole('button', { name: 'Discard all dead' }).click()
  await page.getByRole('heading', { name: 'Discard 3 events?' }).waitFor()
  await page.getByRole('button', { name: 'Discard 3 events' }).click()
  await page.getByText('3 events discarded').waitFor()
  await page.locator('.foot', { hasText: '1 event' }).waitFor()
  t.match(await app.webhooks.inbox.stats(), { dead: 0, done: 1 })
})

test('what a customer writes stays text', async (t) => {
  const { app, page, misdeeds } = await open(t)
  const attack = '<img src=x onerror="window.attacked = true"><script>window.attacked = true</script>'
  const event = message(`"><i>${attack}`, attack)
  await app.webhooks.receive({ ...event, '<b>key</b>': attack })
  await app.webhooks.receive({ event: attack })
  await page.locator('.rows .row').nth(1).waitFor()
  await rowOf(page, 'WHATSAPP').click()
  await page.locator('.json').waitFor()
  t.equal(await page.locator('.rows .content').last().textContent(), attack)
  t.match(await page.locator('.json').textContent(), '<b>key</b>')
  t.equal(await page.locator('img, .json b, .rows i, .rows script').count(), 0)
  t.equal(await page.evaluate('window.attacked'), undefined)
  t.same(misdeeds, [])
})

test('the keyboard is enough', async (t) => {
  const { app, page, mended, settled } = await open(t)
  for (const content of ['1', '2', 'fails', '4']) await app.webhooks.receive(message('c', content))
  await settled()
  await rowOf(page, '4').waitFor()
  mended.is = true
  await page.locator('h1').click()
  const grid = page.getByRole('grid')
  const isFocused = async () => await page.evaluate('document.activeElement.role') === 'grid'
  for (let i = 0; !await isFocused(); i++) {
    t.ok(i < 12, 'some tabs away')
    await page.keyboard.press('Tab')
  }
  const active = async () => await page.locator('.row[data-active="true"] .content').textContent()
  await page.keyboard.press('ArrowDown')
  t.match(await active(), 'fails')
  await page.keyboard.press('End')
  t.equal(await active(), '1')
  await page.keyboard.press('Home')
  await page.keyboard.press('ArrowDown')
  t.match(await grid.getAttribute('aria-activedescendant'), /^row-\d+$/)
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('Attempt 1').waitFor()
  while (await page.evaluate('document.activeElement.textContent') !== 'Replay') await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').locator('.badge.done').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  t.equal(await isFocused(), true, 'back where one was')
})

interface Violation { id: string, impact: string, nodes: Array<{ html: string }> }

const looks: Record<string, BrowserContextOptions> = {
  'in light': { colorScheme: 'light' },
  'in dark': { colorScheme: 'dark' },
  'on a phone': { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
}

for (const [name, context] of Object.entries(looks)) {
  test(`nothing is in the way of those who cannot see or use a mouse well, ${name}`, async (t) => {
    const { page, misdeeds } = await open(t, {
      context: { ...context, reducedMotion: 'reduce' },
      before: async (app) => {
        await receiveSamples(app, 30)
        await app.webhooks.receive(message('c', 'this fails'))
        t.match(await app.webhooks.receive('{"event":"newMessage"}'), { status: 'invalid' })
      }
    })
    const check = async () => {
      await page.evaluate(`${axe}; undefined`)
      const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()')
      t.same(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]), [])
    }
    await rowOf(page, 'this fails').locator('.badge.dead').waitFor()
    await check()
    t.equal(await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth'), false, 'nothing is wider than the page')
    await rowOf(page, 'this fails').click()
    await page.locator('.json').waitFor()
    await check()
    await page.getByRole('button', { name: 'Forget conversation…' }).click()
    await page.getByRole('dialog', { name: 'Forget this conversation?' }).waitFor()
    await check()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Replay all dead' }).click()
    await page.getByRole('heading', { name: 'Replay 1 event?' }).waitFor()
    await check()
    t.same(misdeeds, [])
  })
}

test('ten thousand events need few rows, and the last of them is reached', async (t) => {
  const { page } = await open(t, {
    options: { inbox: memoryInbox({ history: 20_000 }) },
    before: async (app) => {
      for (let i = 1; i <= 10_000; i++) await app.webhooks.receive(message('c', `number ${i}`))
    }
  })
  await rowOf(page, 'number 10000').waitFor()
  const grid = page.getByRole('grid')
  await grid.focus()
  while (await page.locator('.foot', { hasText: 'more below' }).count() > 0 || await page.locator('.foot', { hasText: '10,000 events' }).count() === 0) {
    await page.keyboard.press('End')
    t.ok(await page.locator('.rows .row').count() < 60)
  }
  await page.keyboard.press('End')
  await page.locator('.row[data-active="true"] .content', { hasText: /^number 1$/ }).waitFor()
  t.equal(await grid.getAttribute('aria-rowcount'), '10001')
  t.ok(await page.locator('.rows .row').count() < 60)
})

test('a page whose server was away shows that, and what came in meanwhile', async (t) => {
  const path = temporaryFile(t)
  const { app, page, url } = await open(t, { options: { inbox: sqliteInbox({ path }) } })
  await app.webhooks.receive(message('c', 'before'))
  await rowOf(page, 'before').waitFor()
  await app.close()
  await page.getByText('connecting…').waitFor()
  const { app: next } = await createApp(t, { inbox: sqliteInbox({ path }) })
  await next.register(inspector, { prefix: '/inspector', authorize: 'loopback' })
  await next.webhooks.receive(message('c', 'meanwhile'))
  await next.listen({ port: Number(new URL(url).port), host: '127.0.0.1' })
  await rowOf(page, 'meanwhile').waitFor()
  await page.getByText('live', { exact: true }).waitFor()
  t.equal(await page.locator('.rows .row').count(), 2)
})

test('a page asks anew in time, misses nothing, and is told no more once nobody may look', async (t) => {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }) })
  let mayLook = true
  await addShortLived(app, () => mayLook, 1_500)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { page, misdeeds } = await openPage(t, browser, `${url}/inspector/`)
  const streams: string[] = []
  page.on('request', (request) => { if (request.url().endsWith('/api/stream')) streams.push(request.url()) })
  await page.getByText('live', { exact: true }).waitFor()
  await page.evaluate("new MutationObserver(() => { window.wasCut ||= document.querySelector('.link').textContent !== 'live' }).observe(document.querySelector('.top'), { subtree: true, characterData: true, childList: true })")
  let count = 0
  while (streams.length < 3) {
    await app.webhooks.receive(message('c', `number ${++count}.`))
    await page.evaluate('new Promise(requestAnimationFrame)')
  }
  await page.locator('.foot', { hasText: new RegExp(`^${count.toLocaleString('en')} events?$`) }).waitFor()
  t.equal(await page.evaluate('window.wasCut'), undefined)
  t.same(misdeeds, [])
  mayLook = false
  await page.getByText('The server tells no more: load the page again').waitFor()
  t.equal(await page.getByText('connecting…').count(), 1)
})
