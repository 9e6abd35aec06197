import tap, { test } from 'tap'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { barriersOn, fits, LOOKS, messages, openInspector, SLOW, view } from './opened.ts'
import { shows } from './shows.ts'

const browser = await launch(tap)

for (const { name, context, colours } of LOOKS) {
  test(`in an event, nothing is in the way of those who cannot see or use a mouse well, ${name}`, async (t) => {
    const { page, app, misdeeds } = await openInspector(t, browser, { context, options: { retry: SLOW } })
    const { id } = await app.webhooks.receive(newMessage({ message: { content: 'this fails', imageUrl: 'https://cdn.example/a.jpg' } }))
    await page.evaluate(`location.hash = 'event=${id}'`)
    await view(page).locator('.deliveries .failed').waitFor()
    t.same(await barriersOn(page, colours), [])
    await shows(t, async () => await fits(page), true, 'nothing is wider than the page')
    t.same(misdeeds, [])
  })
}

for (const { name, context, colours } of LOOKS) {
  test(`in a conversation, nothing is in the way of those who cannot see or use a mouse well, ${name}`, async (t) => {
    const { page, misdeeds } = await openInspector(t, browser, {
      context,
      options: { retry: SLOW },
      hash: 'thread=c',
      before: async (app) => {
        for (const content of ['fine', 'it fails', `<b>long</b>${'x'.repeat(5_000)}`, 'مرحبا \u202E، أين طلبي']) await app.webhooks.receive(message('c', content))
        await app.webhooks.receive('{"event":"newMessage","conversation":{"id":"c"}}')
      }
    })
    await messages(page).nth(3).getByText('Waits for').waitFor()
    t.same(await barriersOn(page, colours), [])
    t.equal(await page.locator('.thread b').count(), 0)
    await shows(t, async () => await fits(page), true, 'nothing is wider than the page')
    t.same(misdeeds, [])
  })
}
