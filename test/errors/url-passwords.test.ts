import { test } from 'tap'
import { inQuotes, looksLikeAddress, withoutPasswords } from '../../lib/errors/url-passwords.ts'

/** Stands in every password below. */
const KEY = 'S3CRET'

/** What was meant as an address, and how a message shows it. */
const ADDRESSES: ReadonlyArray<readonly [text: string, shown: string]> = [
  ['postgres://app:S3CRET@db/x', 'postgres://***@db/x'],
  ['postgres:/app:S3CRET@db/x', 'postgres:/***@db/x'],
  [' postgres://app:S3CRET@db/x', ' postgres://***@db/x'],
  ['"postgres://app:S3CRET@db/x"', '"postgres://***@db/x"'],
  ['POSTGRES://app:S3CRET@db/x', 'POSTGRES://***@db/x'],
  ['postgres+ssl://app:S3CRET@db/x', 'postgres+ssl://***@db/x'],
  ['pg://app:S3CRET@db/x', 'pg://***@db/x'],
  ['postgres://app:@S3CRET@/@db:5432/x', 'postgres://***@db:5432/x'],
  ['postgres://app:a#S3CRET@db/x', 'postgres://***@db/x'],
  ['postgres://app:a/S3CRET@db/x', 'postgres://***@db/x'],
  ['postgres://app:a?S3CRET@db/x', 'postgres://***'],
  ['postgres://app:a S3CRET\n@db/x', 'postgres://***@db/x'],
  ['postgres://db/x?password=a@S3CRET', 'postgres://***'],
  ['postgres://db/x?password=S3CRET', 'postgres://db/x?***'],
  ['postgres://db/x#S3CRET', 'postgres://db/x#***'],
  ['--postgres://app:S3CRET@db/x', '--postgres://***@db/x'],
  ['jdbc:postgresql://db/x?user=a&password=S3CRET', 'jdbc:postgresql://db/x?***'],
  ['jdbc:oracle:thin:app/S3CRET@//db:1521/x', '***@//db:1521/x'],
  ['//app:S3CRET@db/x', '//***@db/x'],
  ['app:S3CRET@db/x', '***@db/x'],
  ['a:S3CRET@db/x', '***@db/x'],
  ['app:S3CRET:/x@db/x', '***@db/x'],
  ['app:a S3CRET://x@db/x', '***@db/x'],
  ['postgres:app:S3CRET@db', '***@db'],
  ['host=db user=app password=S3CRET', 'host=db user=app password=***'],
  ["user=app password = 'S3CRET and more' host=db", 'user=app password =***'],
  ['Server=db;User Id=app;Password=S3CRET;', 'Server=db;User Id=app;Password=***'],
  ['PGPASSWORD=S3CRET', 'PGPASSWORD=***'],
  ['pass=S3CRET', 'pass=***'],
  ['Password:S3CRET', 'Password:***'],
  ['{"host":"db","password":"S3CRET"}', '{"host":"db","password":***'],
  ['psql postgres://app:S3CRET@db/x', 'psql postgres://***@db/x'],
  ['DATABASE_URL=postgres://app:S3CRET@db/x', 'DATABASE_URL=postgres://***@db/x']
]

test('no password of what was meant as an address is shown, and it is never a file', async (t) => {
  for (const [text, shown] of ADDRESSES) {
    t.equal(withoutPasswords(text), shown)
    t.equal(inQuotes(text), `'${shown}'`)
    t.notMatch(shown, KEY)
    t.equal(looksLikeAddress(text.replace(/^--/, '')), true, text)
  }
})

test('a file remains a file, and other texts are shown as they are', async (t) => {
  for (const text of [
    'webhooks.db', './webhooks.db', '../a@b.db', '/var/lib/a@b.db', 'a@b.db', 'a b.db', ' a.db', 'C:\\x', 'c:/x.db', 'C:\\a\\b@c.db', '\\\\server\\x', '.\\a.db', 'backup-12:30.db', 'hosts.db', 'users=.db'
  ]) {
    t.equal(looksLikeAddress(text), false, text)
    t.equal(withoutPasswords(text), text)
  }
  for (const text of ['./postgres://x', './host=1.db', '/a/ user=1.db']) t.equal(looksLikeAddress(text), false, text)
  for (const text of ['', 'localhost:3000', 'ftp://localhost/', 'http://localhost:3000/hooks', 'newMesage', '--limit', 'getaddrinfo ENOTFOUND db.example', '::1']) {
    t.equal(withoutPasswords(text), text)
  }
  for (const [before, after] of [['DATABASE_URL=', ''], ['url: (', ')'], ['<', '>'], ['./x=', ''], ['“', '”']] as const) {
    t.notMatch(withoutPasswords(`${before}postgres://app:S3CRET@db/x${after}`), KEY)
  }
  t.equal(withoutPasswords(' a:'.repeat(20_000)).length, 4_097, 'and takes no long time for it')
  t.equal(withoutPasswords("connect to 'postgres://app:S3CRET@db/x' failed"), "connect to 'postgres://***@db/x' failed")
})
