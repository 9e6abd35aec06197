import { asked } from '../helpers/asked.ts'
import type { InboxName } from './kinds.ts'
import { help, readOptions } from './options.ts'
import type { Options } from './options.ts'
import { collectVariants } from './collecting/variants/variants.ts'
import { postgresVariants } from './postgres/variants/variants.ts'
import { reportOf } from './report.ts'
import { run } from './run.ts'
import { look } from './variants/look.ts'
import { variants } from './variants/variants.ts'

/** Between two lines that say how far it is, in milliseconds. */
const SAID_EVERY = 10_000

const all = [...variants, ...postgresVariants, ...collectVariants]

const options = asked(help, readOptions)
if (options !== undefined) {
  const work = options.broken ? lookForFaults : simulate
  for (const inbox of options.inboxes) if (!await work(inbox, options)) process.exitCode = 1
  if (options.broken) tellOfVariants(options.inboxes)
}

async function simulate (inbox: InboxName, { seed, schedules, workers, most }: Options): Promise<boolean> {
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

async function lookForFaults (inbox: InboxName, { seed, schedules }: Options): Promise<boolean> {
  console.log(`npm run simulate -- --broken --inbox ${inbox} --schedules ${schedules} --seed ${seed}`)
  let areFound = true
  for (const variant of all.filter((variant) => variant.inbox === inbox)) {
    const foundIn = await look(variant, { seed, schedules })
    console.log(`  ${foundIn === undefined ? 'NOT FOUND' : `schedule ${foundIn}`.padEnd(14)} ${variant.violates}: ${variant.name}`)
    areFound &&= foundIn !== undefined
  }
  return areFound
}

function tellOfVariants (inboxes: readonly InboxName[]): void {
  const these = all.filter(({ inbox }) => inboxes.includes(inbox))
  const ofCode = these.filter(({ file }) => file.startsWith('lib/')).length
  const ofCollectors = these.filter((variant) => collectVariants.includes(variant)).length
  console.log(`${these.length} broken variants, ${ofCollectors} of them of collectors: ${ofCode} change the code, and ${these.length - ofCode} what is simulated`)
}
