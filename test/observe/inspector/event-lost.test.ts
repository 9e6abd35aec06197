import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf, view } from './opened.ts'
import { leadsTo, says, shows } from './shows.ts'

const browser = await launch(tap)

test('an event that another page discards is shown no more, however many came in since', async (t) => {
  const { app, page, url } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 1_000 }) } })
  const { id } = await app.webhooks.receive(message('c', 'the first'))
  for (let i = 0; i < 250; i++) await app.webhooks.receive(message(`c-${i}`, 'later'))
  await page.getByText('live', { exact: true }).waitFor()
  await page.evaluate(`location.hash = 'event=${id}'`)
  await view(page).getByRole('button', { name: 'Replay' }).waitFor()
  const { status } = await fetch(`${url}/inspector/api/discard`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ids: [id] }) })
  t.equal(status, 200)
  await view(page).getByText('This event is not in the inbox').waitFor()
  await shows(t, async () => await view(page).getByRole('button', { name: /Replay|Discard|Try again/ }).count(), 0)
})

test('a replay that puts nothing back says no more than that', async (t) => {
  const { app, page } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  const { id } = await app.webhooks.receive(message('c', 'hello'))
  await page.evaluate(`location.hash = 'event=${id}'`)
  // As if another process had discarded it at that moment.
  await page.route('**/api/replay', async (route) => {
    await app.webhooks.inbox.discard([id])
    await route.continue()
  })
  await view(page).getByRole('button', { name: 'Replay' }).click()
  await says(page, 'Nothing was put back: it is pending already, or not in the inbox any more')
  await view(page).getByText('This event is not in the inbox').waitFor()
  t.match(await app.webhooks.inbox.stats(), { pending: 0, done: 0 })
})

test('an event that could not be read is read once the app answers, or at once if asked', async (t) => {
  const { app, page } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }) } })
  const [{ id: first }, { id: second }] = [await app.webhooks.receive(message('c', 'first')), await app.webhooks.receive(message('d', 'second'))]
  await rowOf(page, 'first').waitFor()
  const cut = async () => { await page.route('**/api/events/*', async (route) => { await route.abort() }) }
  // The page's time goes on only as it is told to: by itself, the page asks again after two seconds.
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 60_000)
  await cut()
  await page.evaluate(`location.hash = 'event=${first}'`)
  await page.clock.runFor(100)
  await view(page).getByText('The app does not answer.').waitFor()
  await page.unroute('**/api/events/*')
  await view(page).getByRole('button', { name: 'Try again' }).click()
  await page.clock.runFor(100)
  await view(page).locator('.said-in-full', { hasText: 'first' }).waitFor()
  await shows(t, async () => await view(page).getByRole('alert').count(), 0)
  await page.clock.resume()
  await cut()
  await page.keyboard.press('k')
  await view(page).getByText('The app does not answer.').waitFor()
  await page.unroute('**/api/events/*')
  await view(page).locator('.said-in-full', { hasText: 'second' }).waitFor()
  await leadsTo(t, page, new RegExp(second))
})
