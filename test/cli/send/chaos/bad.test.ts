import { setTimeout } from 'node:timers/promises'
import tap, { test } from 'tap'
import { ACCEPTED, chaos, DUPLICATE, startPlain, takeWell } from './receivers.ts'
import type { Handling, Ways } from './receivers.ts'

tap.jobs = 4 // each has a receiver of its own, and most of its time it waits: for an answer or for a line that does not come

interface Case {
  readonly title: string
  readonly ways: Ways
  readonly argv?: readonly string[]
  /** What the verdict has, each as one pattern. */
  readonly findings: readonly RegExp[]
  /** What it must not have. */
  readonly not?: RegExp
}

const accepted = (text = '') => ({ handle, answer }: Handling) => { handle(); answer(200, text) }

/** Ways to be wrong, of which each is found, and nothing else. */
const CASES: readonly Case[] = [
  {
    title: 'loses every 50th event',
    ways: { take: (handling) => { if (handling.number % 50 === 0 && !handling.isRepeat) handling.answer(200, ACCEPTED); else takeWell(handling) } },
    findings: [/^ {2}\d × lost: answered 200, and never handled\n {6}event \d+ \([\w-]{43}\)/]
  },
  {
    title: 'handles what comes again',
    ways: { take: accepted() },
    findings: [/^ {2}\d+ × handled twice\n {6}event \d+ \([\w-]{43}\), event .*, …$/]
  },
  {
    title: 'handles what comes again, and says so',
    ways: { take: accepted(ACCEPTED) },
    findings: [/handled twice/, /repeat: 200, accepted; it had to be 200, duplicate/, /repeat at once: 200, accepted; it had to be 200, duplicate/]
  },
  {
    title: 'says of new events that it had them',
    ways: { take: ({ handle, isRepeat, answer }) => { if (!isRepeat) handle(); answer(200, DUPLICATE) } },
    argv: ['--chaos-mix', 'repeats=10'],
    findings: [/event: 200, duplicate; it had to be 200, accepted/]
  },
  {
    title: 'answers first, and handles when it likes',
    ways: {
      take: ({ handle, isRepeat, number, answer }) => {
        answer(200)
        if (!isRepeat) void setTimeout(number % 20 === 0 ? 400 : 0).then(handle)
      }
    },
    // One after another, so that what was answered and what was posted is certain.
    argv: ['--conversations', '4', '--chaos-mix', 'bursts=0', '--settle', '5000'],
    findings: [/^ {2}\d+ × order broken: handled after a later one of its conversation\n {6}event \d+ \([\w-]{43}\) after event \d+ \([\w-]{43}\), /]
  },
  {
    title: 'takes any signature',
    ways: { checks: false },
    findings: [
      /× wrong key: 200, accepted; it had to be 401/,
      /× no signature: 200, accepted; it had to be 401/,
      /× malformed signature: 200, accepted; it had to be 401/,
      /× signature of another body: 200, accepted; it had to be 401/,
      /× truncated: 400 Bad Request; it had to be 401/,
      /× forged: handled, though it had to be refused\n {6}[\w-]{43} \((?:wrong key|no signature|malformed signature|signature of another body)\)/
    ]
  },
  {
    title: 'fails at times',
    ways: { take: (handling) => { if (handling.number % 20 === 0) handling.fail(500); else takeWell(handling) } },
    findings: [/event: 500 Internal Server Error; it had to be 200, accepted\n {6}event \d+/],
    not: /lost|twice|order|forged/
  },
  {
    title: 'does not answer at times',
    ways: { take: (handling) => { if (handling.number !== 50) takeWell(handling) } },
    argv: ['--timeout', '2000', '--chaos-mix', 'delayed=5'],
    findings: [/1 × event: no answer in time; it had to be 200, accepted/]
  },
  {
    title: 'hangs up at times',
    ways: { take: (handling) => { if (handling.number === 50) handling.response.destroy(); else takeWell(handling) } },
    argv: ['--chaos-mix', 'delayed=5'],
    findings: [/1 × event: ECONNRESET; it had to be 200, accepted/]
  },
  {
    title: 'waits for ever for the rest of what was cut',
    ways: { isPatient: true },
    argv: ['--timeout', '2000', '--chaos-mix', 'truncated=3'],
    findings: [/truncated, and ended early: no answer in time; it had to be 400, 401, 408 or a closed connection/]
  },
  {
    title: 'is busy for ever',
    ways: { take: ({ fail }) => { fail(503, { 'retry-after': '0' }) } },
    argv: ['--count', '3', '--chaos-mix', 'bursts=0'],
    findings: [/3 × event: 503 Service Unavailable; it had to be 200$/m]
  },
  {
    title: 'is busy, and does not say for how long',
    ways: { take: ({ fail }) => { fail(503) } },
    argv: ['--count', '3', '--chaos-mix', 'bursts=0'],
    findings: [/3 × event: 503 Service Unavailable; it had to be 200, accepted/]
  }
]

for (const { title, ways, argv = [], findings, not } of CASES) {
  test(`a receiver that ${title} is found out`, async (t) => {
    const { url, handled } = await startPlain(t, ways)
    const { code, stdout } = await chaos(url, ['--count', '200', '--seed', '7', '--settle', '1000', '--handled', handled, ...argv])
    const verdict = stdout.split('VERDICT: not clean\n')[1] ?? ''
    const found = verdict.split(/\n(?= {2}\d)/)
    for (const finding of findings) t.ok(found.some((text) => finding.test(text.trimEnd())), `${String(finding)} in ${stdout}`)
    if (not === undefined) t.equal(found.filter((text) => !findings.some((finding) => finding.test(text.trimEnd()))).join('\n'), '', 'nothing else')
    else t.notMatch(verdict, not)
    t.match(stdout, /^Plan: events: \d+, conversations: \d+(?:, [a-z\d ]+: \d+)*\nThe same again: --seed 7\n/)
    t.equal(code, 1)
  })
}

test('one that is busy and says for how long is asked again, and has a clean verdict', async (t) => {
  const busy = new Map<string, number>()
  const { url, handled } = await startPlain(t, {
    take: (handling) => {
      const times = busy.get(handling.id) ?? 0
      busy.set(handling.id, times + 1)
      // A date is in seconds: this one is over.
      const after = times === 0 ? '0' : new Date().toUTCString()
      if (times < 2) handling.fail(503, { 'retry-after': after })
      else takeWell(handling)
    }
  })
  const { code, stdout } = await chaos(url, ['--count', '50', '--seed', '7', '--handled', handled])
  t.match(stdout, /^VERDICT: clean$/m)
  t.match(stdout, /503 Service Unavailable +\d{2,3}$/m)
  t.equal(code, 0, stdout)
})
