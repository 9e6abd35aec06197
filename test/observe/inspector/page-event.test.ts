import tap, { test } from 'tap'
import { message } from '../../helpers/app.ts'
import { ModelInbox } from '../../helpers/model-inbox.ts'
import { launch } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'
import { says, shows } from './shows.ts'

const browser = await launch(tap)

test('one event is shown in full, and replayed', async (t) => {
  const { app, page, mended, settled, misdeeds } = await openInspector(t, browser)
  await app.webhooks.receive(message('c-1', 'this fails'))
  await settled()
  await rowOf(page, 'this fails').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Attempt 2').waitFor()
  await shows(t, async () => await dialog.locator('.deliveries .error').allTextContents(), ['broken by <b>10</b>', 'broken by <b>10</b>'])
  t.equal(await dialog.locator('.json .key').first().textContent(), '"event"')
  t.same(JSON.parse(await dialog.locator('.json').textContent() ?? ''), message('c-1', 'this fails'))
  mended.is = true
  await dialog.getByRole('button', { name: 'Replay', exact: true }).click()
  await dialog.locator('.badge.done').waitFor()
  await says(page, 'The event is delivered again')
  await dialog.getByRole('button', { name: 'Close' }).click()
  await rowOf(page, 'this fails').locator('.badge.done').waitFor()
  t.same(misdeeds, [])
})

test('a dead event is replayed for those of its listeners that failed, or for all', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox: new ModelInbox() } })
  let calls = 0
  app.webhooks.on('newMessage', function count () { calls++ })
  await app.webhooks.receive(message('c-1', 'this fails'))
  await settled()
  await rowOf(page, 'this fails').click()
  const dialog = page.getByRole('dialog')
  for (const [name, expected] of [['Replay', 1], ['Replay for all listeners', 2]] as const) {
    await dialog.getByRole('button', { name, exact: true }).click()
    const status = dialog.locator('.said:not(.seen)', { hasText: 'The event is delivered again' })
    await status.waitFor({ state: 'attached' }) // each time anew
    await settled()
    await dialog.locator('.badge.dead').waitFor()
    t.equal(calls, expected, name)
    await status.evaluate('document.querySelector(".event-view .said").classList.add("seen")')
  }
  t.same(misdeeds, [])
})
