import tap, { test } from 'tap'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { barriersOn, fits, LOOKS, openInspector, rowOf } from './opened.ts'
import { shows } from './shows.ts'
import { receiveSamples } from './samples.ts'

const browser = await launch(tap)

for (const { name, context, colours } of LOOKS) {
  test(`nothing is in the way of those who cannot see or use a mouse well, ${name}`, async (t) => {
    const { page, misdeeds } = await openInspector(t, browser, {
      context,
      before: async (app) => {
        await receiveSamples(app, 30)
        await app.webhooks.receive(message('c', 'this fails'))
        t.match(await app.webhooks.receive('{"event":"newMessage"}'), { status: 'invalid' })
      }
    })
    await rowOf(page, 'this fails').locator('.badge.dead').waitFor()
    t.same(await barriersOn(page, colours), [])
    await shows(t, async () => await fits(page), true, 'nothing is wider than the page')
    if (name === 'on a phone') {
      await shows(t, async () => ((await page.locator('.rows .row').first().boundingBox())?.y ?? Infinity) < 300, true, 'the events come first')
      await page.getByRole('button', { name: 'More' }).click()
    }
    await page.getByLabel('Received').selectOption('last hour')
    await rowOf(page, 'this fails').getByRole('checkbox').click()
    await page.getByText('1 selected').waitFor()
    await shows(t, async () => await fits(page), true)
    await page.getByRole('button', { name: 'Discard the selected' }).click()
    const heading = page.getByRole('heading', { name: 'Discard 1 event?' })
    await heading.waitFor()
    t.same(await barriersOn(page, colours), [])
    await page.keyboard.press('Escape')
    await heading.waitFor({ state: 'detached' })
    await page.keyboard.press('Escape')
    await page.getByRole('searchbox').fill('nothing has this')
    await page.getByText('Nothing fits, ').waitFor()
    t.same(await barriersOn(page, colours), [])
    t.same(misdeeds, [])
  })
}
