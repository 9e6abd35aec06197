import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import type { FastifyInstance } from 'fastify'
import type { WebhooksOptions } from '../../../index.ts'
import { sqliteInbox } from '../../../lib/inbox/sqlite/inbox.ts'
import { inspector } from '../../../lib/observe/inspector/inspector.ts'
import { until } from '../../faults/helpers/until.ts'
import { createApp, turns } from '../../helpers/app.ts'
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

/**
 * Waits until an expression has this value in the page. Not with `waitForFunction`: the page's own Content-Security-Policy forbids what it
 * evaluates a second time.
 */
export async function untilIs (page: Page, expression: string, value: unknown): Promise<void> {
  await until(async () => await page.evaluate(expression) === value)
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
  const settled = async () => { while ((await app.webhooks.inbox.stats()).pending > 0) await turns() }
  return { app, page, misdeeds, mended, settled, url }
}

/** What the page is looked at with. */
export const LOOKS: Record<string, BrowserContextOptions> = {
  'in light': { colorScheme: 'light' },
  'in dark': { colorScheme: 'dark' },
  'on a phone': { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }
}

/** The event that is open, one of the facts about it, and the events of a conversation. */
export const view = (page: Page): Locator => page.locator('.event-view')
export const fact = (page: Page, name: string): Locator => view(page).locator('.facts > div', { hasText: name }).locator('dd')
export const messages = (page: Page): Locator => page.locator('.thread .message')
export const rowOf = (page: Page, text: string): Locator => page.locator('.rows .row', { hasText: text })

interface Violation { id: string, impact: string, nodes: Array<{ html: string }> }

/** What is in the way of those who cannot see or use a mouse well. */
export async function barriersOn (page: Page): Promise<unknown> {
  await page.evaluate(`${axe}; undefined`)
  const { violations } = await page.evaluate<{ violations: Violation[] }>('axe.run()')
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])
}
