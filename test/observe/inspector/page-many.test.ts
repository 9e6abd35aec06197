import { readFileSync } from 'node:fs'
import tap, { test } from 'tap'
import type { Page } from 'playwright-core'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'
import { says, shows } from './shows.ts'

const browser = await launch(tap)

const check = async (page: Page, text: string, modifiers: Array<'Shift'> = []) => { await rowOf(page, text).getByRole('checkbox').click({ modifiers }) }

/** What the browser saves, a line an event. */
async function savedBy (page: Page, act: () => Promise<void>): Promise<Array<{ event: { message: { content: string } } }>> {
  const [download] = await Promise.all([page.waitForEvent('download'), act()])
  if (!download.suggestedFilename().endsWith('.ndjson')) throw new Error(`it is called ${download.suggestedFilename()}`)
  return readFileSync(await download.path(), 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as { event: { message: { content: string } } }) // it is what the test put in
}

test('what is selected is replayed, discarded or exported', async (t) => {
  const { app, page, mended, settled, misdeeds } = await openInspector(t, browser)
  for (let i = 1; i <= 6; i++) await app.webhooks.receive(message(`c-${i}`, `it fails ${i}.`))
  await settled()
  await rowOf(page, '6.').locator('.badge.dead').waitFor()
  await check(page, '2.')
  await check(page, '4.', ['Shift'])
  const bar = page.getByRole('group', { name: 'Selected events' })
  await bar.getByText('3 selected').waitFor()
  t.equal(await page.getByRole('dialog').count(), 0, 'a click on the box opens nothing')
  t.same((await savedBy(page, async () => {
    await bar.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('button', { name: 'Export 3 events' }).click()
  })).map(({ event: { message } }) => message.content), ['it fails 4.', 'it fails 3.', 'it fails 2.'])
  await says(page, '3 events exported')

  mended.is = true
  await check(page, '3.')
  await check(page, '4.')
  await bar.getByText('2 selected').waitFor()
  await bar.getByRole('button', { name: 'Replay' }).click()
  await page.getByRole('button', { name: 'Replay 2 events' }).click()
  await says(page, '2 events put back')
  await settled()
  t.match(await app.webhooks.inbox.stats(), { dead: 4, done: 2 })

  await page.getByRole('checkbox', { name: 'Select all that are shown' }).click()
  await bar.getByText('6 selected').waitFor()
  await page.keyboard.press('Escape')
  await bar.waitFor({ state: 'detached' })
  await check(page, '1.')
  await bar.getByRole('button', { name: 'Discard' }).click()
  await page.getByRole('heading', { name: 'Discard 1 event?' }).waitFor()
  await page.getByRole('button', { name: 'Discard 1 event' }).click()
  await rowOf(page, '1.').waitFor({ state: 'detached' })
  t.match(await app.webhooks.inbox.stats(), { dead: 3, done: 2 })
  t.same(misdeeds, [])
})

test('all that fit are counted first, and named', async (t) => {
  const { app, page, mended, settled, misdeeds } = await openInspector(t, browser)
  for (let i = 1; i <= 4; i++) await app.webhooks.receive(message('c', `order ${i}: it ${i % 2 === 0 ? 'fails' : 'works'}.`))
  await settled()
  const bar = page.getByRole('group', { name: 'All that fit' })
  await shows(t, async () => await bar.getByRole('button').count(), 1, 'without a filter, there is the export only')
  t.equal((await savedBy(page, async () => {
    await bar.getByRole('button', { name: 'Export' }).click()
    await page.getByRole('button', { name: 'Export 4 events' }).click()
  })).length, 4)
  await page.getByRole('searchbox').fill('it fails.')
  await page.locator('.foot', { hasText: '2 events, 4 events looked at' }).waitFor()
  await bar.getByRole('button', { name: 'Replay' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('heading', { name: 'Replay 2 events?' }).waitFor()
  await shows(t, async () => await dialog.locator('.terms').textContent(), 'Textit fails.')
  mended.is = true
  await dialog.getByRole('button', { name: 'Replay 2 events' }).click()
  await says(page, '2 events put back')
  await settled()
  t.match(await app.webhooks.inbox.stats(), { dead: 0, done: 4 })
  t.same(misdeeds, [])
})

test('there is no replay where it would put nothing back, and the page says why', async (t) => {
  const { app, page, misdeeds } = await openInspector(t, browser, { options: { retry: { attempts: 2, minDelay: 200_000, maxDelay: 200_000, factor: 1 } } })
  await app.webhooks.receive(message('c-1', 'it fails'))
  await app.webhooks.receive(message('c-2', 'fine'))
  await rowOf(page, 'it fails').locator('.badge', { hasText: 'failing' }).waitFor()
  await rowOf(page, 'fine').locator('.badge.done').waitFor()
  const why = async (name: string) => {
    const button = page.getByRole('button', { name })
    return await button.isDisabled() ? await button.getAttribute('title') : ''
  }
  for (const state of ['pending', 'failing']) {
    await page.getByLabel('State').selectOption(state)
    await page.locator('.foot', { hasText: '1 event' }).waitFor()
    await shows(t, async () => await why('Replay all that fit'), /Pending events are delivered without a replay/, state)
    await shows(t, async () => await why('Discard all that fit'), '')
  }
  await page.getByLabel('State').selectOption('')
  await rowOf(page, 'fine').waitFor()
  await check(page, 'it fails')
  await page.getByText('1 selected').waitFor()
  await shows(t, async () => await why('Replay the selected'), /Pending events are delivered without a replay/)
  await check(page, 'fine')
  await page.getByText('2 selected').waitFor()
  await page.getByRole('button', { name: 'Replay the selected' }).click()
  await page.getByRole('heading', { name: 'Replay 1 event?' }).waitFor()
  await page.getByRole('button', { name: 'Replay 1 event', exact: true }).click()
  await says(page, '1 event put back')
  t.same(misdeeds, [])
})
