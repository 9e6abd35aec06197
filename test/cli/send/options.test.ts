import { join } from 'node:path'
import { test } from 'tap'
import { parseSendOptions } from '../../../lib/cli/send/options.ts'
import { cli } from '../helpers.ts'

test('the defaults are those that the help names', async (t) => {
  const { to, ...options } = parseSendOptions([], {}) as Exclude<ReturnType<typeof parseSendOptions>, 'help'> // it was not asked for
  t.equal(to.href, 'http://localhost:3000/webhooks/oneroute')
  t.same(options, {
    event: 'newMessage',
    eventName: "'newMessage'",
    secret: undefined,
    timeout: 30_000,
    content: undefined,
    conversation: undefined,
    conversations: undefined,
    count: 1,
    rate: undefined,
    concurrency: 1,
    repeat: false,
    chaos: undefined
  })
  const { stdout } = await cli(['send', '--help'])
  t.match(stdout, to.href)
  t.match(stdout, /--timeout MS[^-]*30000/)
})

test('the help names every option, and is printed for -h and --help', async (t) => {
  const { code, stdout, stderr } = await cli(['send', '--help'])
  t.equal(code, 0)
  t.equal(stderr, '')
  for (const option of ['to', 'secret', 'timeout', 'content', 'conversation', 'conversations', 'count', 'rate', 'concurrency', 'repeat', 'chaos', 'chaos-mix', 'seed', 'handled', 'settle', 'help']) {
    t.match(stdout, new RegExp(`^  (-h, )?--${option}\\b`, 'm'))
  }
  t.same(await cli(['send', '-h']), { code, stdout, stderr })
})

const directory = join(import.meta.dirname, '../..')
const script = import.meta.filename

/** Ways to be wrong, and what is said of them. */
const MISTAKES: ReadonlyArray<readonly [argv: string[], message: string | RegExp, env?: Record<string, string>]> = [
  [['--hepl'], "Unknown option '--hepl'"],
  [['-x'], "Unknown option '-x'"],
  [['--repeat=yes'], "Option '--repeat' does not take an argument"],
  [['--count'], "Option '--count <value>' argument missing"],
  [['--count', '-1'], /^Option '--count' argument is ambiguous/],
  [['--count=-1'], "--count must be an integer of 1 or more, got '-1'"],
  [['--count', '0'], "--count must be an integer of 1 or more, got '0'"],
  [['--count', '1.5'], "--count must be an integer of 1 or more, got '1.5'"],
  [['--count', 'many'], "--count must be an integer of 1 or more, got 'many'"],
  [['--count', ''], "--count must be an integer of 1 or more, got ''"],
  [['--count', ' '], "--count must be an integer of 1 or more, got ' '"],
  [['--concurrency', '0'], "--concurrency must be an integer of 1 or more, got '0'"],
  [['--conversations', '0'], "--conversations must be an integer of 1 or more, got '0'"],
  [['--rate', '0'], "--rate must be a number of events a second, from 0.001 to 1000000, got '0'"],
  [['--rate', '-1'], /^Option '--rate' argument is ambiguous/],
  [['--rate', '1e9'], "--rate must be a number of events a second, from 0.001 to 1000000, got '1e9'"],
  [['--rate', 'NaN'], "--rate must be a number of events a second, from 0.001 to 1000000, got 'NaN'"],
  [['--timeout', '0'], "--timeout must be an integer from 1 to 2147483647, got '0'"],
  [['--timeout', '2147483648'], "--timeout must be an integer from 1 to 2147483647, got '2147483648'"],
  [['--to', 'localhost:3000'], /^--to must be a whole address, such as http:\S+, got 'localhost:3000'/],
  [['--to', ''], /^--to must be a whole address, such as http:\S+, got ''/],
  [['--to', 'ftp://localhost/'], /^--to must be a whole address, such as http:\S+, got 'ftp:\/\/localhost\/'/],
  [['--to', 'ftp://u:S3CRET@x/'], /, got 'ftp:\/\/\*\*\*@x\/'$/],
  [['--to', 'http://u:S3CRET@:99999/?token=S3CRET'], /, got 'http:\/\/\*\*\*'$/],
  [['--to', 'u:S3CRET@host/x'], /, got '\*\*\*@host\/x'$/],
  [['--to', 'http://u:12#S3CRET@host/x'], "--to is an address that cannot be read, 'http://***@host/x': in a password, '#' is written %23, '/' %2F, '?' %3F and '@' %40"],
  [['--count', 'u:S3CRET@host/x'], "--count must be an integer of 1 or more, got '***@host/x'"],
  [['--secret', 'a', 'S3CRET'], 'EVENT is neither newMessage nor smsDeliveryReport, nor a file that can be read (ENOENT: no such file or directory)'],
  [['--secret', 'a', 'b', 'S3CRET'], 'One event at a time, got what may be a part of the key: a text with spaces has to be in quotes'],
  [['http://u:S3CRET@host/x'], "'http://***@host/x' is neither newMessage nor smsDeliveryReport, nor a file that can be read (ENOENT: no such file or directory)"],
  [['a', 'http://u:S3CRET@host/x'], "One event at a time, got 'a', 'http://***@host/x': a text with spaces has to be in quotes"],
  [['--chaos', '--chaos-mix', 'u:S3CRET@host'], /got '\*\*\*@host'$/],
  [['--chaos', '--handled', `${script}/token=S3CRET`], /token=\*\*\*' \(ENOTDIR: not a directory\)$/],
  [['--to', 'http://ada:100%@localhost/'], "--to has a user or a password that cannot be decoded, for http://localhost: write a '%' as '%25'"],
  [['--secret', ''], "--secret is blank: give OneRoute's secret key, or nothing at all to post unsigned"],
  [['--secret', ' \t'], "--secret is blank: give OneRoute's secret key, or nothing at all to post unsigned"],
  [[], "The environment variable ONEROUTE_SECRET is blank: give OneRoute's secret key, or nothing at all to post unsigned", { ONEROUTE_SECRET: '' }],
  [['--content', 'Is', 'anyone', 'there?'], "One event at a time, got 'anyone', 'there?': a text with spaces has to be in quotes"],
  [['--conversation', ''], "--conversation must be an id, got '': leave it out for a new one"],
  [['--conversation', 'a', '--conversations', '2'], '--conversation is one, --conversations 2 is several: leave one of them out'],
  [['--repeat', '--conversations', '2'], '--repeat posts the same event, so --conversations 2 cannot be: leave one of them out'],
  [['newMesage'], /^'newMesage' is neither newMessage nor smsDeliveryReport, nor a file that can be read \(ENOENT/],
  [[directory], /is neither newMessage nor smsDeliveryReport, nor a file that can be read \(EISDIR/],
  [['smsDeliveryReport', '--content', 'x'], '--content is the text of a message, and a smsDeliveryReport has none: leave it out'],
  [[join(directory, 'fixtures/sms-delivery-report.json'), '--content', 'x'], /^--content is the text of a message, and the event of '.*json' has none: leave it out/],
  [[script, '--count', '2'], /options\.test\.[jt]s' is not a JSON object, so no events can be made of it: post it as it is, once or with --repeat/],
  [[script, '--content', 'x'], /is not a JSON object/],
  [[script, '--conversation', 'x'], /is not a JSON object/],
  [[script, '--conversations', '1', '--count', '1'], /is not a JSON object/],
  [['--seed', '1'], '--seed says how --chaos goes, which is not asked for: add --chaos, or leave it out'],
  [['--chaos-mix', 'cut=1'], '--chaos-mix says how --chaos goes, which is not asked for: add --chaos, or leave it out'],
  [['--handled', 'a'], '--handled says how --chaos goes, which is not asked for: add --chaos, or leave it out'],
  [['--settle', '1'], '--settle says how --chaos goes, which is not asked for: add --chaos, or leave it out'],
  [['--chaos', '--repeat'], '--repeat posts one event only, and --chaos repeats by itself: leave one of them out'],
  [['--chaos', '--handled', ''], "--handled must be a file, or '-' for standard input, got ''"],
  [['--chaos', '--handled', '-', '-'], 'Standard input cannot be both the event and what was handled: give a file for one of them'],
  [['--chaos', '--handled', directory], /^--handled must be a file that can be read, got '.*' \(it is a folder\)/],
  [['--chaos', '--handled', join(script, 'a')], /^--handled must be a file that can be read, got '.*' \(ENOTDIR/],
  [['--chaos', '--settle', '1'], '--settle is how long to wait for lines of --handled, which there is not: leave it out'],
  [['--chaos', '--settle', '0', '--handled', 'a'], "--settle must be an integer from 1 to 2147483647, got '0'"],
  [['--chaos', '--seed', ''], "--seed must be an integer from 0 to 4294967295, got ''"],
  [['--chaos', '--seed', '4294967296'], "--seed must be an integer from 0 to 4294967295, got '4294967296'"],
  [['--chaos', '--chaos-mix', 'cut'], /^--chaos-mix must be such as repeats=10,.*bursts=10, in per cent of the events, got 'cut'/],
  [['--chaos', '--chaos-mix', ''], /^--chaos-mix must be such as .*, got ''/],
  [['--chaos', '--chaos-mix', 'cut=101'], /^--chaos-mix must be such as .*, got 'cut=101'/],
  [['--chaos', '--chaos-mix', 'cut=-1'], /^--chaos-mix must be such as .*, got 'cut=-1'/],
  [['--chaos', '--chaos-mix', 'lost=1'], /^--chaos-mix must be such as .*, got 'lost=1'/],
  [['--chaos', '--chaos-mix', 'toString=1'], /^--chaos-mix must be such as .*, got 'toString=1'/],
  [['--chaos', '--chaos-mix', 'cut=1,cut=2'], "--chaos-mix must name each kind once, got 'cut=1,cut=2'"],
  [['--chaos', '--chaos-mix', 'forged=1'], '--chaos-mix has forged signatures, which needs a key: give ONEROUTE_SECRET or --secret, or leave forged out'],
  [['--chaos', script], /is not a JSON object, so no events can be made of it/]
]

for (const [argv, message, env = {}] of MISTAKES) {
  const shown = argv.map((argument) => argument.startsWith('/') ? `…${argument.slice(-20)}` : `'${argument}'`)
  test(`a mistake is named, and nothing sent: send ${shown.join(' ')}`, async (t) => {
    const { code, stdout, stderr } = await cli(['send', ...argv], { env })
    t.equal(code, 2)
    t.equal(stdout, '')
    t.notMatch(stderr, 'S3CRET')
    const [, said = ''] = /^fastify-oneroute-webhooks send: ([^]*)\nSee fastify-oneroute-webhooks send --help\n$/.exec(stderr) ?? []
    if (typeof message === 'string') t.equal(said, message)
    else t.match(said, message)
    t.notMatch(stderr, /\n\s+at /, 'no stack')
  })
}

test('what cannot be made several of may come on standard input too', async (t) => {
  for (const stdin of ['[1]', 'null', '"text"', '{', Buffer.from('{"event":"\xff"}', 'latin1')]) {
    t.match(await cli(['send', '-', '--count', '2'], { stdin }), { code: 2, stderr: /'-' is not a JSON object/ })
  }
})
