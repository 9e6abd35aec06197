import pg from 'pg'
import tap, { test } from 'tap'
import type { Test } from 'tap'
import type { ClaimedEvent, Claim, Inbox, Outcome, SqlStatement } from '../../../index.ts'
import { ClosingError, CompleteInError, DeliveryLostError } from '../../../index.ts'
import { turns } from '../../helpers/app.ts'
import { openInbox, openPool, postgresUrl, schemas } from '../../helpers/postgres.ts'
import { newEvent } from '../conformance.ts'

const url = await postgresUrl(tap)
const newSchema = schemas(tap, url)
const pool = openPool(tap, url)

/** Two processes, as it were, and what an operator would do. */
async function share (t: Test) {
  const schema = newSchema()
  const [one, other] = [await openInbox(t, { connectionString: url, schema }), await openInbox(t, { connectionString: url, schema })]
  const ask = async (sql: string) => (await pool.query<Record<string, unknown>>(sql.replaceAll('webhooks.', `${pg.escapeIdentifier(schema)}.`))).rows
  return {
    one,
    other,
    ask,
    /** As if the process had stood still for longer than its lease. */
    expire: async () => { await ask("UPDATE webhooks.lanes SET due = now() - interval '1 second'") },
    noted: async () => (await ask('SELECT listener FROM webhooks.completions ORDER BY 1')).map(({ listener }) => listener)
  }
}

async function claimed (inbox: Inbox): Promise<{ claim: Claim, event: ClaimedEvent }> {
  for (;;) {
    const [claim] = await inbox.claim(1)
    const event = claim?.events[0]
    if (claim !== undefined && event !== undefined) return { claim, event }
    await turns()
  }
}

function statementOf (inbox: Inbox, event: ClaimedEvent, listener = 'save'): SqlStatement {
  const statement = inbox.completion?.(event, listener)
  if (statement === undefined) throw new Error('it has none')
  return statement
}

const done = (seq: number): Outcome => ({ seq, state: 'done', dueAt: null, completed: [], error: null })
const dead = (seq: number): Outcome => ({ ...done(seq), state: 'dead', error: 'broken' })

/** A transaction of the app. */
async function begin (t: Test, isolation = 'READ COMMITTED'): Promise<pg.PoolClient> {
  const client = await pool.connect()
  await client.query(`BEGIN ISOLATION LEVEL ${isolation}`)
  t.teardown(() => { client.release(true) })
  return client
}

async function execute (client: pg.ClientBase, statement: SqlStatement): Promise<void> {
  await client.query(statement.sql, [...statement.values]).catch((thrown: unknown) => { throw statement.refusalOf(thrown) ?? thrown })
}

test('a listener that is through, for a committed transaction says so, is not to be called again; for one that was rolled back, it is', async (t) => {
  const { one, other, expire } = await share(t)
  await one.add(newEvent('a'))
  const { event } = await claimed(one)
  const [committed, rolledBack] = [await begin(t), await begin(t)]
  await execute(committed, statementOf(one, event))
  await execute(rolledBack, statementOf(one, event, 'else'))
  await committed.query('COMMIT')
  await rolledBack.query('ROLLBACK')
  await expire()
  t.match((await claimed(other)).event, { completed: ['save'] })
})

test('once another process has the event, it is refused, whether this one knows of it or not', async (t) => {
  const { one, other, expire } = await share(t)
  await one.add(newEvent('a'))
  const { claim, event } = await claimed(one)
  const statement = statementOf(one, event)
  await expire()
  await claimed(other)
  const late = await begin(t)
  await t.rejects(execute(late, statement), DeliveryLostError)
  await late.query('ROLLBACK')
  await one.settle(claim, [done(event.seq)])
  await one.stats()
  t.throws(() => statementOf(one, event), DeliveryLostError)
})

test('while the transaction may be committed, nobody takes the lane over, and adding to it and settling it do not wait', async (t) => {
  const { one, other, expire, ask } = await share(t)
  await one.add(newEvent('a', { id: 'first' }))
  const { claim, event } = await claimed(one)
  const open = await begin(t)
  await execute(open, statementOf(one, event))
  await expire()
  t.equal(await other.add(newEvent('a', { id: 'second' })), 'accepted')
  t.same(await other.claim(64), [])
  await one.settle(claim, [{ ...done(event.seq), state: 'pending', dueAt: 0, error: 'broken' }])
  t.match(await one.get('first'), { state: 'pending', attempts: 1 })
  await open.query('COMMIT')
  await ask('UPDATE webhooks.lanes SET due = now()')
  t.match((await claimed(other)).claim.events, [{ id: 'first', completed: ['save'] }, { id: 'second', completed: [] }])
})

test('a lane is taken over when the transaction has ended', async (t) => {
  const { one, other, expire } = await share(t)
  await one.add(newEvent('a'))
  const { event } = await claimed(one)
  const open = await begin(t)
  await execute(open, statementOf(one, event))
  await expire()
  t.same(await other.claim(64), [])
  await open.query('COMMIT')
  t.match((await claimed(other)).event, { completed: ['save'], attempt: 2 })
})

/** Two transactions, the first of which has completed an event. */
async function saidTwice (t: Test) {
  const { one } = await share(t)
  await one.add(newEvent('a'))
  const { event } = await claimed(one)
  const [first, second] = [await begin(t), await begin(t)]
  await execute(first, statementOf(one, event))
  return { one, event, first, second }
}

test('of two transactions that say the same, the second is refused, once the first is committed', async (t) => {
  const { one, event, first, second } = await saidTwice(t)
  const refused = t.rejects(execute(second, statementOf(one, event)), DeliveryLostError)
  await first.query('COMMIT')
  await refused
})

test('of two transactions that say the same, the second is refused with an error of PostgreSQL if the first stays open for long', async (t) => {
  const { one, event, first, second } = await saidTwice(t)
  await t.rejects(execute(second, statementOf(one, event)), { code: '55P03' })
  await first.query('COMMIT')
  await t.rejects(execute(await begin(t), statementOf(one, event)), DeliveryLostError)
})

test('once the inbox is closed, nothing is completed', async (t) => {
  const { one } = await share(t)
  await one.add(newEvent('a'))
  const { event } = await claimed(one)
  await one.close()
  t.throws(() => statementOf(one, event), ClosingError)
})

test('it is refused for an event that was removed, and in a transaction that would not see that the lane is lost', async (t) => {
  const { one } = await share(t)
  await one.add(newEvent('a', { id: 'removed' }))
  const { event } = await claimed(one)
  for (const isolation of ['REPEATABLE READ', 'SERIALIZABLE']) {
    await t.rejects(execute(await begin(t, isolation), statementOf(one, event)), CompleteInError)
  }
  const statement = statementOf(one, event)
  await one.discard(['removed'])
  await t.rejects(execute(await begin(t), statement), DeliveryLostError)
})

test('an event that was removed and posted again is a new one, which the listener of the removed one does not complete', async (t) => {
  const { one, noted } = await share(t)
  await one.add(newEvent('a', { id: 'again' }))
  const { event } = await claimed(one)
  const statement = statementOf(one, event)
  await one.discard(['again'])
  t.equal(await one.add(newEvent('a', { id: 'again' })), 'accepted')
  await t.rejects(execute(await begin(t), statement), DeliveryLostError)
  t.same(await noted(), [])
})

test('an event that was removed and posted again is a new one, also if what the listener of the removed one did is committed after that', async (t) => {
  const { one } = await share(t)
  await one.add(newEvent('a', { id: 'again' }))
  const { claim, event } = await claimed(one)
  const open = await begin(t)
  await execute(open, statementOf(one, event))
  await one.discard(['again'])
  t.equal(await one.add(newEvent('a', { id: 'again' })), 'accepted')
  await open.query('COMMIT')
  await one.settle(claim, [done(event.seq)])
  const { event: posted } = await claimed(one)
  t.match(posted, { id: 'again', completed: [] })
  const after = await begin(t)
  await execute(after, statementOf(one, posted))
  await after.query('COMMIT')
})

test('a failure of another kind is what it was', async (t) => {
  const { one } = await share(t)
  await one.add(newEvent('a'))
  const { event } = await claimed(one)
  const client = await begin(t)
  await client.query('SELECT 1 / 0').catch(() => {})
  await t.rejects(execute(client, statementOf(one, event)), { code: '25P02' })
  t.equal(statementOf(one, event).refusalOf('no error'), undefined)
})

test('what was dead and is replayed goes to the others only, and with `all`, or once it was done, to those that were through, too', async (t) => {
  const { one, noted } = await share(t)
  await one.add(newEvent('a', { id: 'again' }))
  const complete = async () => {
    const { claim, event } = await claimed(one)
    await pool.query(statementOf(one, event).sql, [...statementOf(one, event).values])
    return { claim, event }
  }
  const first = await complete()
  await one.settle(first.claim, [dead(first.event.seq)])
  t.equal(await one.replay(['again']), 1)
  const second = await claimed(one)
  t.same(second.event.completed, ['save'])
  await one.settle(second.claim, [dead(second.event.seq)])
  t.equal(await one.replay(['again'], { all: true }), 1)
  t.same(await noted(), [])
  const third = await complete()
  t.same(third.event.completed, [])
  await one.settle(third.claim, [done(third.event.seq)])
  t.equal(await one.replay(['again']), 1)
  t.same((await claimed(one)).event.completed, [])
})

test('nothing is left of it when the event is gone', async (t) => {
  const { one, noted, ask } = await share(t)
  const complete = async (id: string, outcome: (seq: number) => Outcome) => {
    await one.add(newEvent(id, { id }))
    const { claim, event } = await claimed(one)
    await pool.query(statementOf(one, event).sql, [...statementOf(one, event).values])
    await one.settle(claim, [outcome(event.seq)])
    await one.stats()
  }
  await complete('discarded', done)
  await complete('forgotten', done)
  await complete('purged', done)
  await complete('dead', dead)
  t.same(await noted(), ['save', 'save', 'save', 'save'])
  await one.discard(['discarded'])
  await one.forget('forgotten')
  t.same(await noted(), ['save', 'save'])
  t.equal(await one.add(newEvent('dead', { id: 'dead' })), 'accepted')
  t.same(await noted(), ['save'])
  await ask('SELECT webhooks.purge(-1000, 1e9, 10, NULL)')
  t.same(await noted(), [])
})
