import tap, { test } from 'tap'
import { memoryInbox } from '../../../index.ts'
import { newMessage } from '../../../lib/testing/testing.ts'
import { message } from '../../helpers/app.ts'
import { launch, openPage } from './browser.ts'
import { openInspector, rowOf } from './opened.ts'
import { says } from './shows.ts'

const browser = await launch(tap)

test('an event is discarded once one has said yes, and every page is told', async (t) => {
  const { app, page, settled, misdeeds, url } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 100 }) } })
  for (const content of ['keep me', 'take me away']) await app.webhooks.receive(message('c-1', content))
  await settled()
  const { page: other } = await openPage(t, browser, `${url}/inspector/`)
  await rowOf(other, 'take me away').waitFor()
  await rowOf(page, 'take me away').click()
  await page.getByRole('button', { name: 'Discard…' }).click()
  await page.getByRole('heading', { name: 'Discard this event?' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: 'Discard this event?' }).waitFor({ state: 'detached' })
  t.equal((await app.webhooks.inbox.list()).length, 2)
  await page.getByRole('button', { name: 'Discard…' }).click()
  await page.getByRole('button', { name: 'Discard', exact: true }).click()
  await says(page, 'The event is discarded')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  for (const one of [page, other]) {
    await rowOf(one, 'take me away').waitFor({ state: 'detached' })
    await rowOf(one, 'keep me').waitFor()
  }
  t.match(await app.webhooks.inbox.list(), { length: 1, 0: { event: { message: { content: 'keep me' } } } })
  t.same(misdeeds, [])
})

test('a conversation is forgotten once one has read which, and said yes', async (t) => {
  const { app, page, settled, misdeeds } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 100 }) } })
  for (const [conversation, content] of [['c-1', 'hers'], ['c-2', 'the one'], ['c-2', 'the other']] as const) await app.webhooks.receive(message(conversation, content))
  await app.webhooks.receive({ event: 'alone', message: { content: 'of no conversation' } })
  await settled()
  await rowOf(page, 'of no conversation').click()
  await page.getByRole('button', { name: 'Discard…' }).waitFor()
  t.equal(await page.getByRole('button', { name: 'Forget conversation…' }).count(), 0)
  await page.keyboard.press('Escape')
  await rowOf(page, 'the one').click()
  const ask = async () => {
    await page.getByRole('button', { name: 'Forget conversation…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Forget this conversation?' })
    t.equal(await dialog.locator('code').textContent(), 'c-2')
    return dialog
  }
  await (await ask()).getByRole('button', { name: 'Cancel' }).click()
  t.equal((await app.webhooks.inbox.list()).length, 4)
  await (await ask()).getByRole('button', { name: 'Forget conversation' }).click()
  await says(page, 'The conversation is forgotten: 2 events removed')
  await rowOf(page, 'hers').waitFor()
  await page.locator('.foot', { hasText: '2 events' }).waitFor()
  t.same((await app.webhooks.inbox.list()).map(({ lane }) => lane).includes('c-2'), false)
  t.same(misdeeds, [])
})

test('a conversation that is not to be shown cannot be forgotten here', async (t) => {
  const { app, page } = await openInspector(t, browser, { options: { inbox: memoryInbox({ history: 10 }), lane: () => 'of s3cret-key' } })
  await app.webhooks.receive(newMessage({ message: { content: 'hidden' }, conversation: { Channel: { credentials: { key: 's3cret-key' } } } }))
  await rowOf(page, 'hidden').click()
  await page.getByRole('button', { name: 'Discard…' }).waitFor()
  await page.getByRole('dialog').getByText('[redacted]', { exact: true }).first().waitFor()
  t.notMatch(await page.content(), 's3cret-key')
  t.equal(await page.getByRole('button', { name: 'Forget conversation…' }).count(), 0)
})
