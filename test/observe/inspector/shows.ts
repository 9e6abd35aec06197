import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Page } from 'playwright-core'
import type { Test } from 'tap'

/** tap ends a file after so long, in milliseconds, as tap itself reads it: 0 is never. */
const LIMIT = Number(process.env['TAP_TIMEOUT'] ?? 30) * 1_000
/** What is not there so long before that, in milliseconds, is a failure, which is told. */
const TO_TELL = 3_000
/** Never, for a timer. */
const NEVER = 2 ** 31 - 1

/** Milliseconds until tap ends this file. */
export function timeLeft (): number {
  return LIMIT === 0 ? NEVER : LIMIT - performance.now()
}

/**
 * Waits until what is read of a page is this, or fits it, and otherwise fails with what it is. A page draws when it has its turn: only what
 * is drawn together with something that was waited for may be read without this. Playwright's own `waitForFunction` is of no use: the page's
 * Content-Security-Policy forbids what it evaluates a second time.
 */
export async function shows<T> (t: Test, read: () => Promise<T>, wanted: NoInfer<T> | RegExp, because = 'what the page shows'): Promise<void> {
  const isWanted = (found: T) => wanted instanceof RegExp ? wanted.test(String(found)) : isDeepStrictEqual(found, wanted)
  let found = await read()
  while (!isWanted(found) && timeLeft() > TO_TELL) {
    await wait(20)
    found = await read()
  }
  if (wanted instanceof RegExp) t.match(found, wanted, because)
  else t.strictSame(found, wanted, because)
}

/** Waits until the page's address, or its end, is this. */
export async function leadsTo (t: Test, page: Page, wanted: RegExp, because = 'the address'): Promise<void> {
  await shows(t, async () => page.url(), wanted, because)
}

/** Waits until the page has drawn, and knows of what was scrolled before. */
export async function draws (page: Page): Promise<void> {
  await page.evaluate('new Promise(requestAnimationFrame)')
}

/** Waits until the page says this, as it does for some seconds only. */
export async function says (page: Page, text: string): Promise<void> {
  await page.locator('.said', { hasText: text }).waitFor({ state: 'attached' })
}
