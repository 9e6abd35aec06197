import { test } from 'tap'
import { parseInboxOptions } from '../../../lib/cli/inbox/options.ts'
import type { InboxOptions } from '../../../lib/cli/inbox/options.ts'
import { cli } from '../helpers.ts'

test('the defaults are those that the help names', async (t) => {
  t.same(parseInboxOptions(['list'], { ONEROUTE_INBOX: 'a.db' }), {
    action: 'list',
    ids: [],
    db: 'a.db',
    schema: 'oneroute_webhooks',
    filter: { state: undefined, failing: false, name: undefined, conversation: undefined, since: undefined, until: undefined, text: undefined },
    limit: 50,
    all: undefined,
    allListeners: false,
    yes: false,
    sql: false,
    limits: { dead: undefined, failing: undefined, silence: undefined },
    json: false,
    redact: ['credentials']
  })
  t.match(parseInboxOptions(['list', '--db', 'b.db'], { ONEROUTE_INBOX: 'a.db' }), { db: 'b.db' })
  t.match(parseInboxOptions(['replay', '--dead', '--db', 'b.db'], {}), { all: 'dead' })
  t.match(parseInboxOptions(['replay', '--invalid', '--db', 'b.db'], {}), { all: 'invalid' })
  t.match(parseInboxOptions(['replay', '--conversation', 'c', '--db', 'b.db'], {}), { all: 'dead', filter: { conversation: 'c' } })
  t.match(parseInboxOptions(['replay', '--conversation', 'c', '--invalid', '--db', 'b.db'], {}), { all: 'invalid', filter: { conversation: 'c' } })
  t.match(parseInboxOptions(['replay', 'abcdef', '--all-listeners', '--db', 'b.db'], {}), { all: undefined, allListeners: true, ids: ['abcdef'] })
  t.match(parseInboxOptions(['forget', 'c', '--db', 'b.db'], {}), { ids: [], filter: { conversation: 'c' } })
  t.match(parseInboxOptions(['forget', '--db', 'b.db', '--', '-c'], {}), { filter: { conversation: '-c' } })
  t.match(parseInboxOptions(['list', '--conversation', 'c', '--db', 'b.db'], {}), { all: undefined })
  t.match(parseInboxOptions(['migrate', '--db', 'postgres://db/x'], {}), { db: 'postgres://db/x', sql: false })
  t.match(parseInboxOptions(['migrate', '--sql'], {}), { db: '', sql: true })
  t.match(parseInboxOptions(['migrate', '--sql'], { ONEROUTE_INBOX: ' ' }), { db: '' })
  t.match(parseInboxOptions(['migrate', '--sql'], { ONEROUTE_INBOX: 'postgres://db/x' }), { db: 'postgres://db/x' })
})

test('limits are numbers, and a time with its unit', (t) => {
  const limitsOf = (...argv: string[]) => {
    const options = parseInboxOptions(['stats', '--db', 'a.db', ...argv], {})
    return options === 'help' ? undefined : options.limits
  }
  t.same(limitsOf('--max-dead', '0', '--max-failing', '20'), { dead: 0, failing: 20, silence: undefined })
  for (const [text, milliseconds] of [['90s', 90_000], ['30m', 1_800_000], ['2h', 7_200_000], ['1d', 86_400_000]] as const) {
    t.same(limitsOf('--max-silence', text)?.silence, { text, milliseconds })
  }
  t.end()
})

test('an id may begin as an option does', async (t) => {
  const id = '-4o_0ZQyAmPWKVDDvVhKD9xPZnKlZcD-5LkvkQxh3Xw'
  t.match(parseInboxOptions(['show', id, '--db', 'a.db'], {}), { ids: [id], db: 'a.db' })
  t.match(parseInboxOptions(['replay', 'abcdef', '--db', 'a.db', '--', '-abcde'], {}), { ids: ['abcdef', '-abcde'] })
  for (const given of ['-abcdefghi', '--AbCdEfGh', '-4o_0Z', '-Abcde', '-abcd1', '-_____', '--A_cd', '--abc1', '------', `-${'a'.repeat(42)}`, `--${'aB'.repeat(20)}c`]) {
    t.match(parseInboxOptions(['--db', 'a.db', 'show', given], {}), { ids: [given], db: 'a.db' })
    t.match(parseInboxOptions(['replay', given, 'abcdef', '--json', '--', '-x'], { ONEROUTE_INBOX: 'a.db' }), { ids: ['abcdef', given, '-x'], json: true })
    t.match(parseInboxOptions(['discard', given, '--db', 'a.db'], {}), { ids: [given] })
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
  [[], 'Which of them: stats, list, show, replay, discard, forget, watch, migrate, recount?'],
  [['lst'], "The first word after inbox must be one of stats, list, show, replay, discard, forget, watch, migrate, recount, got 'lst'"],
  [['--db', 'a.db'], 'Which of them: stats, list, show, replay, discard, forget, watch, migrate, recount?'],
  [['stats'], /^Which inbox\? .* --db, .* ONEROUTE_INBOX/],
  [['stats', '--db', ' '], /^Which inbox\?/],
  [['stats', '--limit', '5', '--db', 'a.db'], 'inbox stats has no --limit: leave it out'],
  [['show', 'a', '--state', 'dead', '--db', 'a.db'], 'inbox show has no --state: leave it out'],
  [['list', '--state', 'done!', '--db', 'a.db'], "--state must be one of pending, done, dead, invalid, got 'done!'"],
  [['list', '--limit', '0', '--db', 'a.db'], "--limit must be an integer of 1 or more, got '0'"],
  [['list', 'refund', '--db', 'a.db'], "inbox list takes no 'refund': a text with spaces has to be in quotes"],
  [['show', '--db', 'a.db'], 'inbox show takes one id, got 0'],
  [['list', '--max-dead', '0', '--db', 'a.db'], 'inbox list has no --max-dead: leave it out'],
  [['watch', '--max-silence', '1h', '--db', 'a.db'], 'inbox watch has no --max-silence: leave it out'],
  [['stats', '--max-dead', '-1', '--db', 'a.db'], /ambiguous/],
  [['stats', '--max-dead=-1', '--db', 'a.db'], "--max-dead must be an integer of 0 or more, got '-1'"],
  [['stats', '--max-failing', '', '--db', 'a.db'], "--max-failing must be an integer of 0 or more, got ''"],
  [['stats', '--max-silence', '30', '--db', 'a.db'], "--max-silence must be a number with its unit, s, m, h or d, such as 30m, got '30'"],
  [['stats', '--max-silence', '0m', '--db', 'a.db'], "--max-silence must be a number with its unit, s, m, h or d, such as 30m, got '0m'"],
  [['stats', '--max-silence', '5w', '--db', 'a.db'], "--max-silence must be a number with its unit, s, m, h or d, such as 30m, got '5w'"],
  [['stats', '--max-dead', 'app:S3CRET@db', '--db', 'a.db'], "--max-dead must be an integer of 0 or more, got '***@db'"],
  [['stats', '--max-silence', 'app:S3CRET@db', '--db', 'a.db'], "--max-silence must be a number with its unit, s, m, h or d, such as 30m, got '***@db'"],
  [['replay', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid; --conversation, --since and --until go with the last two'],
  [['replay', 'abcdef', '--dead', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid; --conversation, --since and --until go with the last two'],
  [['replay', 'abcdef', '--invalid', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid; --conversation, --since and --until go with the last two'],
  [['replay', '--dead', '--invalid', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid; --conversation, --since and --until go with the last two'],
  [['replay', 'abcdef', '--conversation', 'c', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid; --conversation, --since and --until go with the last two'],
  [['replay', 'abcdef', '--conversation', 'c', '--dead', '--db', 'a.db'], 'inbox replay takes either ids, or --dead, or --invalid; --conversation, --since and --until go with the last two'],
  [['discard', '--db', 'a.db'], 'inbox discard takes one id or more, got 0'],
  [['discard', 'abcdef', '--dead', '--db', 'a.db'], 'inbox discard has no --dead: leave it out'],
  [['forget', '--db', 'a.db'], 'inbox forget takes one conversation, got 0'],
  [['forget', 'a', 'b', '--db', 'a.db'], 'inbox forget takes one conversation, got 2'],
  [['forget', '', '--db', 'a.db'], "inbox forget takes one conversation, got ''"],
  [['forget', 'a', '--conversation', 'b', '--db', 'a.db'], 'inbox forget has no --conversation: leave it out'],
  [['forget', '-12', '--db', 'a.db'], "Unknown option '-1'"],
  [['recount', 'now', '--db', 'postgres://db/x'], "inbox recount takes no 'now': a text with spaces has to be in quotes"],
  [['recount', '--limit', '5', '--db', 'postgres://db/x'], 'inbox recount has no --limit: leave it out'],
  [['recount', '--db', 'a.db'], "inbox recount takes the address of a PostgreSQL server, got 'a.db': a SQLite file is changed by this package only"],
  [['list', '--all-listeners', '--db', 'a.db'], 'inbox list has no --all-listeners: leave it out'],
  [['show', '--max-dead', '1', '--db', 'a.db'], 'inbox show has no --max-dead: leave it out'],
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
  [['postgres://app:S3CRET@db/x'], "The first word after inbox must be one of stats, list, show, replay, discard, forget, watch, migrate, recount, got 'postgres://***@db/x'"],
  [['list', 'postgres://app:S3CRET@db/x', '--db', 'a.db'], "inbox list takes no 'postgres://***@db/x': a text with spaces has to be in quotes"],
  [['list', '--state', 'app:S3CRET@db', '--db', 'a.db'], "--state must be one of pending, done, dead, invalid, got '***@db'"],
  [['list', '--limit', 'app:S3CRET@db', '--db', 'a.db'], "--limit must be an integer of 1 or more, got '***@db'"],
  [['migrate'], /^Which inbox\?/],
  [['migrate', '--sql', '--db', ' '], /^Which inbox\?/],
  [['migrate', 'now', '--db', 'postgres://db/x'], "inbox migrate takes no 'now': a text with spaces has to be in quotes"],
  [['migrate', '--db', 'a.db'], "inbox migrate takes the address of a PostgreSQL server, got 'a.db': its app brings a SQLite file up to date"],
  [['migrate', '--sql', '--json', '--db', 'postgres://db/x'], 'inbox migrate takes either --sql or --json'],
  [['migrate', '--sql', '--schema', 'a$b'], "--schema must be a name of at most 63 bytes, without '$', that does not begin with 'pg_', and no address, got 'a$b'"],
  [['migrate', '--limit', '5', '--sql'], 'inbox migrate has no --limit: leave it out'],
  [['list', '--sql', '--db', 'a.db'], 'inbox list has no --sql: leave it out'],
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

test('a time is one of the calendar, or so long ago', async (t) => {
  const timeOf = (given: string) => {
    const options = parseInboxOptions(['list', '--since', given, '--until', given, '--db', 'a.db'], {})
    if (options === 'help') throw new Error('it asks for no help')
    const { since, until } = options.filter
    t.same(since?.getTime(), until?.getTime())
    return since?.toISOString()
  }
  t.equal(timeOf('2026-11-26T05:30Z'), '2026-11-26T05:30:00.000Z')
  t.equal(timeOf('2026-11-26T05:30:01.5+02:00'), '2026-11-26T03:30:01.500Z')
  t.equal(timeOf('2026-11-26T05:30'), new Date(2026, 10, 26, 5, 30).toISOString(), 'here')
  t.equal(timeOf('2026-11-26'), new Date(2026, 10, 26).toISOString(), 'its midnight')
  for (const given of ['', 'yesterday', '2026', '26.11.2026', '2026-13-01', '2026-02-30', '2026-02-30T05:30Z', '2026-11-26T25:00', '2h30m', '0h', '2 h', '2026-11-26 05:30']) {
    t.throws(() => timeOf(given), /^--since must be a time such as/, given)
  }
  const before = Date.now() - 7_200_000
  const { filter } = parseInboxOptions(['watch', '--since', '2h', '--failing', '--db', 'a.db'], {}) as InboxOptions // it asks for no help
  t.ok(Number(filter.since) >= before && Number(filter.since) <= Date.now() - 7_200_000)
  t.match(filter, { failing: true, until: undefined })
  t.match(parseInboxOptions(['replay', '--dead', '--since', '2h', '--db', 'a.db'], {}), { all: 'dead', filter: { since: Date } })
  t.throws(() => parseInboxOptions(['replay', 'abcdef', '--since', '2h', '--db', 'a.db'], {}), /--since and --until go with the last two/)
  t.throws(() => parseInboxOptions(['replay', '--since', '2h', '--db', 'a.db'], {}), /takes either ids, or --dead/)
  t.throws(() => parseInboxOptions(['replay', '--dead', '--failing', '--db', 'a.db'], {}), /inbox replay has no --failing/)
})
