import tap, { test } from 'tap'
import { message } from '../../helpers/app.ts'
import { launch } from './browser.ts'
import { barriersOn, LOOKS, openInspector, rowOf } from './opened.ts'
import { receiveSamples } from './samples.ts'

tap.setTimeout(120_000)

const browser = await launch(tap)

for (const [name, context] of Object.entries(LOOKS)) {
  test(`nothing is in the way of those who cannot see or use a mouse well, ${name}`, async (t) => {
    const { page, misdeeds } = await openInspector(t, browser, {
      context: { ...context, reducedMotion: 'reduce' },
      before: async (app) => {
        await receiveSamples(app, 30)
        await app.webhooks.receive(message('c', 'this fails'))
        t.match(await app.webhooks.receive('{"event":"newMessage"}'), { status: 'invalid' })
      }
    })
    await rowOf(page, 'this fails').locator('.badge.dead').waitFor()
    t.same(await barriersOn(page), [])
    const fits = async () => await page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth')
    t.equal(await fits(), true, 'nothing is wider than the page')
    if (name === 'on a phone') {
      t.ok(((await page.locator('.rows .row').first().boundingBox())?.y ?? Infinity) < 300, 'the events come first')
      await page.getByRole('button', { name: 'More' }).click()
    }
    await page.getByLabel('Received').selectOption('last hour')
    await rowOf(page, 'this fails').getByRole('checkbox').click()
    await page.getByText('1 selected').waitFor()
    t.equal(await fits(), true)
    await page.getByRole('button', { name: 'Discard the selected' }).click()
    await page.getByRole('heading', { name: 'Discard 1 event?' }).waitFor()
    t.same(await barriersOn(page), [])
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await page.getByLabel('Text').fill('nothing has this')
    await page.getByText('Nothing fits, ').waitFor()
    t.same(await barriersOn(page), [])
    t.same(misdeeds, [])
  })
}
