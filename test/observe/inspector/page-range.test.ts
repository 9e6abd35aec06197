import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { lists, openInspector } from './opened.ts'
import { leadsTo, shows } from './shows.ts'

const browser = await launch(tap)

test('a time range is chosen by its length, or from and to, and is said in words with its zone', async (t) => {
  const { page, app, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 10 }) },
    context: { timezoneId: 'Africa/Lagos' },
    before: async (app) => { await app.webhooks.receive(message('c', 'of now.')) }
  })
  await page.getByLabel('Received').selectOption('last 15 min')
  await lists(page, 'of now.')
  await leadsTo(t, page, /#since=15m$/)
  await page.reload()
  await lists(page, 'of now.')
  await shows(t, async () => await page.getByLabel('Received').inputValue(), '15m')
  await app.webhooks.receive(message('c', 'of now, too'))
  await lists(page, 'of now.', 'of now, too')
  await page.getByLabel('Received').selectOption('from – to')
  await page.getByLabel('From', { exact: true }).fill('2026-01-02T03:04:05')
  await page.getByLabel('to', { exact: true }).fill('2026-01-02T04:00:00')
  await page.getByText(/^Received from 2 Jan 2026, 03:04:05 (GMT\+1|WAT) to 2 Jan 2026, 04:00:00 (GMT\+1|WAT)$/).waitFor()
  await page.waitForURL('**/#since=2026-01-02T02%3A04%3A05.000Z&until=2026-01-02T03%3A00%3A00.000Z')
  await page.getByText(/^Nothing fits.*from 2 Jan 2026, 03:04:05 .* to 2 Jan 2026, 04:00:00/).waitFor()
  await page.getByRole('button', { name: 'Look in the last 7 days' }).click()
  await lists(page, 'of now.', 'of now, too')
  await page.getByRole('button', { name: 'At any time', exact: true }).click()
  await leadsTo(t, page, /#$/)
  t.same(misdeeds, [])
})

test('a range that goes on with the time is one with each request, and what is typed by hand, too', async (t) => {
  const { page, misdeeds } = await openInspector(t, browser, {
    options: { inbox: memoryInbox({ history: 10 }) },
    hash: 'since=1h',
    before: async (app) => { await app.webhooks.receive(message('c', 'of now.')) }
  })
  await lists(page, 'of now.')
  await shows(t, async () => await page.getByLabel('Received').inputValue(), '1h')
  const since = async (act: () => Promise<unknown>) => {
    const [request] = await Promise.all([page.waitForRequest(/api\/events\?/), act()])
    return Date.now() - Date.parse(new URL(request.url()).searchParams.get('since') ?? '')
  }
  const hours = async (act: () => Promise<unknown>) => Math.round(await since(act) / 3_600_000 * 100) / 100
  t.equal(await hours(async () => { await page.getByLabel('State').selectOption('done') }), 1)
  await page.clock.setSystemTime(Date.now() + 7_200_000)
  t.equal(await hours(async () => { await page.getByLabel('State').selectOption('') }), -1, 'the time has gone on')
  await page.getByText('Nothing fits').waitFor()
  await page.getByText('received in the last hour').waitFor()
  t.equal(await hours(async () => { await page.evaluate("location.hash = 'since=3h'") }), 1)
  await lists(page, 'of now.')
  await shows(t, async () => await page.getByLabel('Received').inputValue(), 'own')
  await page.getByText(/^Received since \d+ \w+ \d{4}/).waitFor()
  t.same(misdeeds, [])
})
