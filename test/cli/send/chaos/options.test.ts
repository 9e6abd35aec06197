import { test } from 'tap'
import { parseSendOptions } from '../../../../lib/cli/send/options.ts'
import { cli } from '../../helpers.ts'

function parse (argv: string[], env: Record<string, string> = { ONEROUTE_SECRET: 'k3y' }) {
  return parseSendOptions(['--chaos', ...argv], env) as Exclude<ReturnType<typeof parseSendOptions>, 'help'> // it was not asked for
}

test('the defaults of a bad day are those that the help names', async (t) => {
  const { count, conversations, concurrency, chaos } = parse([])
  t.same({ count, conversations, concurrency }, { count: 1_000, conversations: 20, concurrency: 16 })
  t.match(chaos, { handled: undefined, settle: 5_000, mix: { repeats: 10, reordered: 5, delayed: 5, truncated: 5, forged: 5, cut: 5, bursts: 10 } })
  t.not(chaos?.seed, parse([]).chaos?.seed, 'another one every time')
  const { stdout } = await cli(['send', '--help'])
  t.match(stdout, 'repeats=10,reordered=5,delayed=5,truncated=5,forged=5,cut=5,bursts=10')
  t.match(stdout, /--settle MS[^-]*5000/)
  t.match(stdout, /--count 1000, --conversations 20 and\s+--concurrency 16/)
})

test('by itself it makes no two requests of one conversation at once, but in bursts and repeats', (t) => {
  t.match(parse(['--conversations', '4']), { conversations: 4, concurrency: 4 })
  t.match(parse(['--conversation', 'c']), { concurrency: 1 })
  t.match(parse(['--conversations', '4', '--concurrency', '9']), { concurrency: 9 })
  t.end()
})

test('what is given is taken', (t) => {
  const given = parse(['--count', '5', '--conversation', 'c', '--seed', '0', '--handled', '-', '--settle', '1', '--chaos-mix', ' repeats=1.5 ,cut=100'])
  t.match(given, { count: 5, conversation: 'c', conversations: undefined, chaos: { seed: 0, handled: '-', settle: 1 } })
  t.same(given.chaos?.mix, { repeats: 1.5, reordered: 0, delayed: 0, truncated: 0, forged: 0, cut: 100, bursts: 0 })
  t.equal(parse([], {}).chaos?.mix.forged, 0, 'without a key nothing can be forged')
  t.end()
})
