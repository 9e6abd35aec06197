import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { executablePath } from './chromium.ts'
import { timeLeft } from './shows.ts'

/** What has failed needs some time to be told before tap ends the file, in milliseconds. */
const TO_TELL = 1_500

/**
 * A Chromium, which is ended with the tests, or shortly before tap ends the file: whatever is waited for in a page then fails, and says what
 * that is. It draws without a graphics card: with an emulated one, as by the arguments of its package, a test takes twice as long.
 */
export async function launch (t: Test): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: await executablePath(), args: ['--disable-gpu', '--disable-software-rasterizer'] })
  const close = async () => { await browser.close() }
  const timer = setTimeout(() => { void close() }, timeLeft() - TO_TELL)
  t.teardown(async () => {
    clearTimeout(timer)
    await close()
  })
  return browser
}

/** A page, and all that it should not have done: errors, and requests to anywhere else. */
export async function openPage (t: Test, browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<{ page: Page, misdeeds: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  t.teardown(async () => { await context.close().catch(() => {}) }) // it may be gone with its browser
  const page = await context.newPage()
  const misdeeds: string[] = []
  page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') misdeeds.push(message.text()) })
  page.on('pageerror', (error) => { misdeeds.push(error.message) })
  page.on('request', (request) => { if (!request.url().startsWith(new URL(url).origin)) misdeeds.push(request.url()) })
  await page.goto(url)
  return { page, misdeeds }
}
