import { test } from 'tap'
import { isConnectionString } from '../../../lib/inbox/postgres/connection-string.ts'

test('what pg can read is an address, and what it would misread is not', async (t) => {
  for (const text of [
    'postgres://', 'postgres://app@db/x', 'postgresql://app:pw@db:5432/x?sslmode=require', ' POSTGRES://app@db/x\n', 'pg://db', 'postgres:///x?host=/tmp&user=a@b',
    'postgres://app:pw@/x', 'postgres://app:p%23w@db/x', 'postgres://app:p@w@db/x', 'socket:/tmp?db=x', '/var/run/postgresql x'
  ]) t.equal(isConnectionString(text), true, text)
  for (const text of [
    '', ' ', 'db', 'postgres:/app:pw@db/x', 'jdbc:postgresql://db/x', 'host=db user=app', '"postgres://app@db/x"', '//app:pw@db/x',
    'postgres://app:p#w@db/x', 'postgres://app:1#w@db/x', 'postgres://app:p/w@db/x', 'postgres://app:1/w@db/x', 'postgres://app:p?w@db/x'
  ]) t.equal(isConnectionString(text), false, text)
})
