import { test } from 'tap'
import { errorKindOf, isStuck, isUnprepared, reasonOf } from '../../../lib/inbox/postgres/error-kind.ts'

const coded = (code: string, message = 'it failed') => Object.assign(new Error(message), { code })

test('what an error means for the connection, and for what was asked', async (t) => {
  t.same(errorKindOf(coded('40001')), { lost: false, again: true }, 'others were quicker')
  t.same(errorKindOf(coded('40P01')), { lost: false, again: true }, 'a deadlock')
  t.same(errorKindOf(coded('57P01')), { lost: true, again: true }, 'the server ends connections')
  t.same(errorKindOf(coded('57P03')), { lost: true, again: false }, 'it is starting')
  t.same(errorKindOf(coded('25006')), { lost: true, again: false }, 'it is read-only')
  t.same(errorKindOf(coded('55P03')), { lost: false, again: false }, 'somebody holds a lock')
  t.same(errorKindOf(coded('57014')), { lost: false, again: false }, 'somebody has cancelled it')
  t.same(errorKindOf(coded('42P01')), { lost: false, again: false }, 'a table is missing')
  t.same(errorKindOf(coded('ECONNREFUSED')), { lost: true, again: false })
  t.same(errorKindOf(coded('ECONNRESET', 'read ECONNRESET')), { lost: true, again: true })
  t.same(errorKindOf(new Error('no answer from PostgreSQL within 15000 ms')), { lost: true, again: false })
  t.same(errorKindOf(new Error('Connection terminated unexpectedly')), { lost: true, again: true })
  t.same(errorKindOf(new Error('Client has encountered a connection error and is not queryable')), { lost: true, again: true }, 'it was cut before')
  t.same(errorKindOf('no error at all'), { lost: true, again: false })
})

test('after which errors others would wait for the same in vain', async (t) => {
  for (const code of ['55P03', '57014', '57P03', 'ECONNREFUSED']) t.equal(isStuck(coded(code)), true, code)
  t.equal(isStuck(new Error('no connection to PostgreSQL within 5000 ms')), true)
  for (const code of ['40001', '42P01', '53100']) t.equal(isStuck(coded(code)), false, code)
})

test('which errors are for the name of a statement alone', async (t) => {
  t.equal(isUnprepared(coded('26000')), true, 'it is not there')
  t.equal(isUnprepared(coded('42P05')), true, 'it is there already')
  t.equal(isUnprepared(coded('42P01')), false)
  t.equal(isUnprepared(new Error('none of the server')), false)
})

test('an error is explained in words, or else by its code', async (t) => {
  t.equal(reasonOf(coded('28P01', 'password authentication failed')), 'password authentication failed')
  t.equal(reasonOf(Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })), 'ECONNREFUSED')
  t.equal(reasonOf('a text'), 'a text')
  t.equal(reasonOf(new Error('no postgres://app:hunter2@db/x')), 'no postgres://***@db/x')
  t.equal(reasonOf('app:hunter2@db'), '***@db')
})
