import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import tap, { test } from 'tap'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { memoryInbox } from '../../../index.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { until } from '../../faults/helpers/until.ts'
import { message } from '../../helpers/app.ts'
import { launch, openPage } from './browser.ts'
import { openInspector, view } from './opened.ts'
import { shows } from './shows.ts'
import { shellsOf } from './shells.ts'

const browser = await launch(tap)
const COPIES: BrowserContextOptions = { permissions: ['clipboard-read', 'clipboard-write'] }

async function copied (page: Page, name: string): Promise<string> {
  await page.evaluate("navigator.clipboard.writeText('')")
  await view(page).getByRole('button', { name, exact: true }).click()
  let text = ''
  await until(async () => (text = await page.evaluate<string>('navigator.clipboard.readText()')) !== '')
  return text
}

test('the id, the JSON and a link that opens the event are copied', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { context: COPIES, options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(message('c', 'where is my order?'))
  await page.evaluate(`location.hash = 'state=done&event=${id}'`)
  t.equal(await copied(page, 'Copy id'), id)
  t.same(JSON.parse(await copied(page, 'Copy JSON')), (await app.webhooks.inbox.get(id))?.event)
  const link = await copied(page, 'Copy link')
  t.notMatch(link, 'state')
  const { page: other } = await openPage(t, browser, link)
  await view(other).locator('.said-in-full', { hasText: 'where is my order?' }).waitFor()
  t.same(misdeeds, [])
})

test('a button says for a while that it has copied', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { context: COPIES, options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(message('c', 'hello'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  const button = view(page).getByRole('button', { name: 'Copy id' })
  await button.waitFor()
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 60_000)
  await button.click()
  const said = view(page).locator('.copy', { has: page.getByRole('button', { name: 'Copy id' }) }).getByText('Copied', { exact: true })
  await said.waitFor()
  await page.clock.runFor(3_000)
  await said.waitFor({ state: 'detached' })
  t.same(misdeeds, [])
})

const run = promisify(execFile)
const { env, shells } = await shellsOf(tap)

test('a copied curl command posts the very event again, signed with the secret of whoever pastes it', async (t) => {
  const secret = 'a secret with "quotes" and $HOME'
  const { page, app, url, misdeeds } = await openInspector(t, browser, { context: COPIES, options: { secret, inbox: memoryInbox({ history: 10 }) } })
  const event = message('c', "it's here:\n'quoted' \"too\" !! $(id) `id` \\ % \u2028 😀 \ud83d مرحبا\u0007")
  const { id } = await app.webhooks.receive(event)
  await page.evaluate(`location.hash = 'event=${id}'`)
  const command = await copied(page, 'Copy as curl')
  t.notMatch(command, secret)
  for (const shell of shells) {
    const { stdout } = await run(shell, ['-c', command], { env: { ...env, ONEROUTE_SECRET: secret } })
    t.same(JSON.parse(stdout), { status: 'duplicate', id }, shell)
    t.match(await run(shell, ['-c', command], { env: { ...env, ONEROUTE_SECRET: 'another' } }), { stdout: /"statusCode":401/ }, shell)
    const { stdout: elsewhere } = await run(shell, ['-c', command], { env: { ...env, WEBHOOK_URL: `${url}/elsewhere` } })
    t.match(elsewhere, '/elsewhere')
  }
  t.equal(await view(page).getByText('cannot be sent again').count(), 0)
  t.same(misdeeds, [])
})

test('nothing that acts on a terminal is in a copied command', async (t) => {
  const { page, app } = await openInspector(t, browser, { context: COPIES, options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(message('c', "a\u007f\u009b201~\u0003'\u001b[A"))
  await page.evaluate(`location.hash = 'event=${id}'`)
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  t.notMatch(await copied(page, 'Copy as curl'), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})

test('what is hidden cannot be sent again: a copied command posts a valid event without it, and the page says so', async (t) => {
  const secret = 'a secret'
  const { page, app } = await openInspector(t, browser, { context: COPIES, options: { secret, inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(newMessage({ message: { content: 'hello' }, conversation: { Channel: { credentials: { token: 'abc-secret' } } } }))
  await page.evaluate(`location.hash = 'event=${id}'`)
  await view(page).getByText('it cannot be sent again from here').waitFor()
  const command = await copied(page, 'Copy as curl')
  t.notMatch(command, 'abc-secret')
  const [shell = ''] = shells
  const answer = JSON.parse((await run(shell, ['-c', command], { env: { ...env, ONEROUTE_SECRET: secret } })).stdout) as { id: string }
  t.not(answer.id, id)
  t.match(await app.webhooks.inbox.get(answer.id), { state: 'done', event: { message: { content: 'hello' }, conversation: { Channel: { credentials: null } } } })
})

test('where the browser does not let a page copy, there is the text to be copied by hand', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  await page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })") // as on plain http
  const { id } = await app.webhooks.receive(message('c', 'hello'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  await view(page).getByRole('button', { name: 'Copy id' }).click()
  const box = view(page).getByRole('textbox')
  await shows(t, async () => await box.inputValue(), id)
  await shows(t, async () => await page.evaluate('getSelection().toString()'), id)
  const buttons = await Promise.all(['Copy link', 'Copy id', 'Copy as curl'].map(async (name) => await view(page).getByRole('button', { name }).boundingBox()))
  t.equal(new Set(buttons.map((button) => button?.y)).size, 1, 'the buttons are side by side')
  await view(page).getByRole('button', { name: 'Copy JSON' }).click()
  await view(page).getByRole('textbox', { name: 'Copy JSON' }).waitFor()
  await shows(t, async () => await box.count(), 1, 'in one place for all of them')
  await shows(t, async () => await page.evaluate('getSelection().toString()'), /^\{\s+"event": "newMessage"/)
  await page.keyboard.press('j')
  await view(page).getByRole('button', { name: 'Done' }).click()
  await box.waitFor({ state: 'detached' })
  t.same(misdeeds, [])
})
