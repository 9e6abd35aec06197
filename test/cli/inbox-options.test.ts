import { test } from 'tap'
import { parseInboxOptions } from '../../lib/cli/inbox/options.ts'
import { cli } from './helpers.ts'

test('the defaults are those that the help names', async (t) => {
  t.same(parseInboxOptions(['list'], { ONEROUTE_INBOX: 'a.db' }), {
    action: 'list',
    ids: [],
    db: 'a.db',
    schema: 'oneroute_webhooks',
    filter: { state: undefined, name: undefined, conversation: undefined, text: undefined },
    limit: 50,
    all: undefined,
    yes: false,
    json: false,
    redact: ['credentials']
  })
  t.match(parseInboxOptions(['list', '--db', 'b.db'], { ONEROUTE_INBOX: 'a.db' }), { db: 'b.db' })
  t.match(parseInboxOptions(['replay', '--dead', '--db', 'b.db'], {}), { all: 'dead' })
  t.match(parseInboxOptions(['replay', '--invalid', '--db', 'b.db'], {}), { all: 'invalid' })
})

test('an id may begin as an option does', async (t) => {
  const id = '-4o_0ZQyAmPWKVDDvVhKD9xPZnKlZcD-5LkvkQxh3Xw'
  t.match(parseInboxOptions(['show', id, '--db', 'a.db'], {}), { ids: [id], db: 'a.db' })
  t.match(parseInboxOptions(['replay', 'abcdef', '--db', 'a.db', '--', '-abcde'], {}), { ids: ['abcdef', '-abcde'] })
  for (const given of ['-4o_0Z', '-Abcde', '-abcd1', '-_____', '--A_cd', '--abc1', '------', `-${'a'.repeat(42)}`, `--${'aB'.repeat(20)}c`]) {
    t.match(parseInboxOptions(['--db', 'a.db', 'show', given], {}), { ids: [given], db: 'a.db' })
    t.match(parseInboxOptions(['replay', given, 'abcdef', '--json', '--', '-x'], { ONEROUTE_INBOX: 'a.db' }), { ids: ['abcdef', given, '-x'], json: true })
  }
  t.match(parseInboxOptions(['--schema', 'show', 'replay', '--invalid', '--yes', '--db=a.db'], {}), { action: 'replay', schema: 'show', yes: true })
  t.equal(parseInboxOptions(['show', '-4o_0ZQ', '--help'], {}), 'help')
})

test('an address works in any spelling of its scheme, and blanks around it do not count', async (t) => {
  for (const db of ['postgres://app:pw@db/x', 'POSTGRES://app@db/x', ' postgresql://app@db/x\n', 'postgres:///x?host=/tmp', 'postgres://app:pw@/x']) {
    t.match(parseInboxOptions(['list', '--db', db], {}), { db: db.trim() })
    t.match(parseInboxOptions(['list'], { ONEROUTE_INBOX: db }), { db: db.trim() })
  }
  for (const db of ['a@b.db', 'C:\\x', './postgres://x', ' a.db']) t.match(parseInboxOptions(['list', '--db', db], {}), { db })
})

const WHERE = ' must be a SQLite file, or an address such as postgres://user@host/database, got '
const REMEDY = "in a password, '#' is written %23, '/' %2F, '?' %3F and '@' %40"

/** Ways to be wrong, and what is said of them. */
const MISTAKES: ReadonlyArray<readonly [argv: string[], message: string | RegExp, env?: Record<string, string>]> = [
  [[], 'Which of them: stats, list, show, replay, watch?'],
  [['lst'], "The first word after inbox must be one of stats, list, show, replay, watch, got 'lst'"],
  [['--db', 'a.db'], 'Which of them: stats, list, show, replay, watch?'],
  [['stats'], /^Which inbox\? .* --db, .* ONEROUTE_INBOX/],
  [['stats', '--db', ' '], /^Which inbox\?/],
  [['stats', '--limit', '5', '--db', 'a.db'], 'inbox stats has no --limit: leave it out'],
  [['show', 'a', '--state', 'dead', '--db', 'a.db'], 'inbox show has no --state: leave it out'],
  [['list', '--state', 'done!', '--db', 'a.db'], "--state must be one of pending, done, dead, invalid, got 'done!'"],
  [['list', '--limit', '0', '--db', 'a.db'], "--limit must be an integer of 1 or more, got '0'"],
  [['list', 'refund', '--db', 'a.db'], "inbox list takes no 'refund': a text with spaces has to be in quotes"],
  [['show', '--db', 'a.db'], 'inbox show takes one id, got 0'],
  [['replay', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid'],
  [['replay', 'abcdef', '--dead', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid'],
  [['replay', 'abcdef', '--invalid', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid'],
  [['replay', '--dead', '--invalid', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid'],
  [['list', '--invalid', '--db', 'a.db'], 'inbox list has no --invalid: leave it out'],
  [['replay', '--deda', '--db', 'a.db'], "Unknown option '--deda'"],
  [['replay', '--Invalid', '--db', 'a.db'], "Unknown option '--Invalid'"],
  [['show', 'abcdef', '--conversations', 'c'], "Unknown option '--conversations'"],
  [['show', '-state', 'dead'], "Unknown option '-s'"],
  [['show', 'abcdef', '--db', '-Abcdef1'], /^Option '--db' argument is ambiguous/],
  [['stats', '-4o_0ZQ'], "Unknown option '-4'"],
  [['stats', '--db', 'pg://app:S3CRET@db/x'], `--db${WHERE}'pg://***@db/x'`],
  [['stats', '--db', '"postgres://app:S3CRET@db/x"'], `--db${WHERE}'"postgres://***@db/x"'`],
  [['stats', '--db', 'host=db password=S3CRET'], `--db${WHERE}'host=db password=***'`],
  [['stats', '--db', 'postgres://app:S3#CRET@db/x'], `--db is an address that cannot be read, 'postgres://***@db/x': ${REMEDY}`],
  [['stats'], `The environment variable ONEROUTE_INBOX${WHERE}'postgres:/***@db/x'`, { ONEROUTE_INBOX: 'postgres:/app:S3CRET@db/x' }],
  [['stats', '--schema', 'postgres://app:S3CRET@db/x', '--db', 'a.db'], "--schema must be the name of a schema, got 'postgres://***@db/x': the address of a server belongs to --db"],
  [['stats', '--postgres://app:S3CRET@db/x'], "Unknown option '--postgres://***@db/x'"],
  [['postgres://app:S3CRET@db/x'], "The first word after inbox must be one of stats, list, show, replay, watch, got 'postgres://***@db/x'"],
  [['list', 'postgres://app:S3CRET@db/x', '--db', 'a.db'], "inbox list takes no 'postgres://***@db/x': a text with spaces has to be in quotes"],
  [['list', '--state', 'app:S3CRET@db', '--db', 'a.db'], "--state must be one of pending, done, dead, invalid, got '***@db'"],
  [['list', '--limit', 'app:S3CRET@db', '--db', 'a.db'], "--limit must be an integer of 1 or more, got '***@db'"],
  [['stats', '--bogus'], "Unknown option '--bogus'"]
]

for (const [argv, message, env = {}] of MISTAKES) {
  test(`a mistake is named: inbox ${argv.join(' ')}`, async (t) => {
    const { code, stdout, stderr } = await cli(['inbox', ...argv], { env })
    t.equal(code, 2)
    t.notMatch(stderr, 'S3CRET')
    t.equal(stdout, '')
    const [, said = ''] = /^fastify-oneroute-webhooks inbox: ([^]*)\nSee fastify-oneroute-webhooks inbox --help\n$/.exec(stderr) ?? []
    if (typeof message === 'string') t.equal(said, message)
    else t.match(said, message)
  })
}
