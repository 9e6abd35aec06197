import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { WebhooksOptions } from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp } from '../../helpers/app.ts'
import { temporaryFile } from '../../helpers/sqlite.ts'
import { openPage } from './browser.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Of what fails, the next attempt is not for a while. */
export const SLOW = { minDelay: 200_000, maxDelay: 200_000, factor: 1 }
const RETRY = { attempts: 2, minDelay: 1, maxDelay: 1, factor: 1 }

interface Opened {
  options?: WebhooksOptions
  context?: BrowserContextOptions
  /** What is in the address behind '#'. */
  hash?: string
  before?: (app: FastifyInstance) => Promise<unknown>
}

/** An app whose listener fails on what says so, and its inspector in a browser. */
export async function openInspector (t: Test, browser: Browser, { options = {}, context = {}, hash = '', before = async () => {} }: Opened = {}) {
  const { app } = await createApp(t, { inbox: sqliteInbox({ path: temporaryFile(t) }), retry: RETRY, ...options })
  await app.register(inspector, { prefix: '/inspector', authorize: 'loopback' })
  const mended = { is: false }
  app.webhooks.on('newMessage', function answer ({ message }) { const content = String(message.content); if (content.includes('fails') && !mended.is) throw new Error(`broken by <b>${content.length}</b>`) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  await before(app)
  const { page, misdeeds } = await openPage(t, browser, `${url}/inspector/${hash === '' ? '' : `#${hash}`}`, context)
  const settled = async () => { await until(async () => (await app.webhooks.inbox.stats()).pending === 0) }
  return { app, page, misdeeds, mended, settled, url }
}

type Colours = 'light' | 'dark'

/** What the page is looked at with, and in which colours. */
export const LOOKS: ReadonlyArray<{ name: string, context: BrowserContextOptions, colours: readonly Colours[] }> = [
  { name: 'on a screen, in light and dark', context: { reducedMotion: 'reduce' }, colours: ['light', 'dark'] },
  { name: 'on a phone', context: { reducedMotion: 'reduce', viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }, colours: ['light'] }
]

/** The event that is open, one of the facts about it, and the events of a conversation. */
export const view = (page: Page): Locator => page.locator('.event-view')
export const fact = (page: Page, name: string): Locator => view(page).locator('.facts > div', { hasText: name }).locator('dd')
export const messages = (page: Page): Locator => page.locator('.thread .message')
export const rowOf = (page: Page, text: string): Locator => page.locator('.rows .row', { hasText: text })

/** Waits until these are in the list, and no others. */
export async function lists (page: Page, ...texts: string[]): Promise<void> {
  await page.locator('.foot', { hasText: new RegExp(`^${texts.length} event`) }).waitFor()
  for (const text of texts) await rowOf(page, text).waitFor()
}

interface Violation { id: string, impact: string, nodes: Array<{ html: string }> }

/** What is in the way of those who cannot see or use a mouse well. */
export async function barriersOn (page: Page, colours: readonly Colours[]): Promise<unknown[]> {
  if (await page.evaluate('window.axe === undefined')) await page.evaluate(`${axe}; undefined`)
  const found: unknown[] = []
  for (const [i, colorScheme] of colours.entries()) {
    await page.emulateMedia({ colorScheme })
    // Only this depends on the colours.
    const rules = i === 0 ? '' : "runOnly: ['color-contrast', 'link-in-text-block'], "
    const { violations } = await page.evaluate<{ violations: Violation[] }>(`axe.run({ ${rules}resultTypes: ['violations'] })`)
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    found.push(...serious.map(({ id, nodes }) => [colorScheme, id, ...nodes.map(({ html }) => html)]))
  }
  return found
}

/** Whether the page is no wider than what it is looked at with. */
export async function fits (page: Page): Promise<boolean> {
  return await page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth')
}
