import { performance } from 'node:perf_hooks'
import { EXIT } from '../../exit.ts'
import type { Io } from '../../io.ts'
import type { SendOptions } from '../options.ts'
import { createPoster } from '../poster.ts'
import { startProgress } from '../progress.ts'
import type { Source } from '../source.ts'
import { Answers } from './answers.ts'
import { Attack } from './attack.ts'
import { openBodies } from './bodies.ts'
import { openHandled } from './handled.ts'
import type { Handled } from './handled.ts'
import { Ledger } from './ledger.ts'
import type { ChaosOptions } from './options.ts'
import { perform } from './perform.ts'
import { createPlan } from './plan.ts'
import type { Plan } from './plan.ts'
import { becomesReachable } from './reachable.ts'
import { handledOf, planOf, tallyOf, verdictOf } from './report.ts'
import { checkHandled, missingIn } from './verdict.ts'

/** Milliseconds for a receiver to start that is started at the same time. */
const START = 5_000

/** `send --chaos`: a bad day of OneRoute and the network, and a verdict over what the receiver made of it. */
export async function sendChaos (options: SendOptions, chaos: ChaosOptions, io: Io): Promise<number> {
  const { stdout, stderr, signal } = io
  const source = await openBodies(options, chaos.seed, io)
  source(0) // what no events can be made of is said before anything is done
  const handled = chaos.handled === undefined ? undefined : await openHandled(chaos.handled, io)
  try {
    const plan = createPlan(options, chaos)
    stdout.write(planOf(options, chaos, plan))
    if (!await becomesReachable(options.to, Math.min(START, options.timeout), signal)) {
      stderr.write(`Nothing listens at ${options.to.origin}: start your app, or give its address with --to.\n`)
      return EXIT.failed
    }
    return await playAndCompare(plan, { options, source, io }, chaos, handled)
  } finally {
    handled?.stop()
  }
}

interface Setting {
  readonly options: SendOptions
  readonly source: Source
  readonly io: Io
}

async function playAndCompare (plan: Plan, setting: Setting, { settle }: ChaosOptions, handled: Handled | undefined): Promise<number> {
  const { options, io: { stdout, signal } } = setting
  const start = performance.now()
  const { answers, ledger } = await play(plan, setting)
  stdout.write(tallyOf(options, answers, ledger, performance.now() - start))
  await handled?.settle(settle, () => missingIn(ledger, handled.ids) === 0)
  if (signal.aborted) {
    stdout.write('Interrupted: no verdict.\n')
    return EXIT.interrupted
  }
  if (handled !== undefined) stdout.write(handledOf(handled, ledger))
  const findings = [...answers.wrong.values(), ...handled === undefined ? [] : checkHandled(ledger, handled.ids)]
  stdout.write(verdictOf(findings, handled !== undefined, answers))
  return findings.length === 0 ? EXIT.ok : EXIT.failed
}

async function play (plan: Plan, { options, source, io: { stderr, signal } }: Setting): Promise<{ answers: Answers, ledger: Ledger }> {
  const answers = new Answers()
  const ledger = new Ledger()
  const poster = createPoster(options, signal)
  const progress = startProgress(stderr, plan.actions, 'wrong')
  let wrong = 0
  let reported = 0
  const attack = new Attack({
    options,
    source,
    poster,
    ledger,
    signal,
    hear (...heard) { if (!answers.add(...heard)) wrong++ }
  })
  await perform(plan, options, signal, async (action) => {
    await attack.make(action)
    progress.step(wrong === reported)
    reported = wrong
  })
  progress.stop()
  poster.close()
  return { answers, ledger }
}
