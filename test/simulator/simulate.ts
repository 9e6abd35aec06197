import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { isInboxName, kinds } from './kinds.ts'
import { reportOf } from './report.ts'
import { run } from './run.ts'

const HELP = `Runs schedules of the simulator: what may happen to an app, its listeners and its inbox, in virtual time.

npm run simulate -- [options]

--schedules N   how many [default: 10000]
--seed N        of the first one; each next one has the next number [default: by the clock]
--inbox NAME    ${Object.keys(kinds).join(', ')} [default: each of them]
                sqlite has a model of the store; sqlite-store compares each answer of it with the real store, and is slow
--workers N     threads [default: one for each processor, ${availableParallelism()} here]
--most N        ends when so many schedules have violated something [default: 3]
--help          shows this

It says how often each kind of thing happened, and what was violated, with the shortest schedule that was found for it. Ends with 1 if
anything was.
`

/** Between two lines that say how far it is, in milliseconds. */
const SAID_EVERY = 10_000

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    inbox: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    most: { type: 'string', default: '3' },
    help: { type: 'boolean', default: false }
  }
})

function numberOf (name: 'schedules' | 'seed' | 'workers' | 'most', least: number): number {
  const number = Number(values[name])
  if (!Number.isSafeInteger(number) || number < least) throw new Error(`--${name} must be an integer of ${least} or more, got '${values[name]}'`)
  return number
}

async function simulate (inbox: string): Promise<boolean> {
  if (!isInboxName(inbox)) throw new Error(`--inbox must be one of ${Object.keys(kinds).join(', ')}, got '${inbox}'`)
  const [seed, schedules, workers, most] = [numberOf('seed', 0), numberOf('schedules', 1), numberOf('workers', 1), numberOf('most', 1)]
  console.log(`npm run simulate -- --inbox ${inbox} --schedules ${schedules} --seed ${seed}`)
  const start = performance.now()
  const rate = (done: number) => `${Math.round(done / (performance.now() - start) * 1_000)} a second`
  let [done, saidAt] = [0, start]
  const onProgress = (more: number) => {
    done += more
    if (performance.now() - saidAt < SAID_EVERY) return
    saidAt = performance.now()
    console.log(`  ${done} of ${schedules} schedules, ${rate(done)}`)
  }
  const report = await run({ inbox, seed, schedules, workers, most, shrinks: true, onProgress })
  console.log(reportOf(inbox, report, `${((performance.now() - start) / 1_000).toFixed(1)} s, ${rate(report.schedules)}`))
  return report.findings.length === 0
}

if (values.help) console.log(HELP)
else for (const inbox of values.inbox === undefined ? Object.keys(kinds) : [values.inbox]) if (!await simulate(inbox)) process.exitCode = 1
