import Chromium from '@sparticuz/chromium'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'

/** What the package would leave out of a browser so that it runs in less: one process for all pages, and no checks of where things come from. */
const NOT_MEANT_HERE = ['--single-process', '--no-zygote', '--disable-web-security', '--allow-running-insecure-content', '--disable-site-isolation-trials']

/** A Chromium, which is ended with the tests. */
export async function launch (t: Test): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: await Chromium.executablePath(), args: Chromium.args.filter((arg) => !NOT_MEANT_HERE.includes(arg)), headless: true })
  t.teardown(async () => { await browser.close() })
  return browser
}

/** A page, and all that it should not have done: errors, and requests to anywhere else. */
export async function openPage (t: Test, browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<{ page: Page, misdeeds: string[] }> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options })
  t.teardown(async () => { await context.close() })
  const page = await context.newPage()
  const misdeeds: string[] = []
  page.on('console', (message) => { if (message.type() === 'error' || message.type() === 'warning') misdeeds.push(message.text()) })
  page.on('pageerror', (error) => { misdeeds.push(error.message) })
  page.on('request', (request) => { if (!request.url().startsWith(new URL(url).origin)) misdeeds.push(request.url()) })
  await page.goto(url)
  return { page, misdeeds }
}
