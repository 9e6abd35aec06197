import { onOneLine } from '../../terminal.ts'
import type { Answer } from '../poster.ts'
import { LONGEST_DETAIL } from '../summary.ts'
import { Tally } from '../tally.ts'
import { saidOf } from './expected.ts'
import type { Expected } from './expected.ts'
import { addTo } from './finding.ts'
import type { Finding } from './finding.ts'

/** All answers of a run, and which of them were wrong. */
export class Answers {
  readonly tally = new Tally()
  /** By what was posted, and what came of it. */
  readonly wrong = new Map<string, Finding>()

  /** Returns whether it was as it had to be. */
  add (answer: Answer, what: string, index: number, expected: Expected | undefined): boolean {
    const said = saidOf(answer)
    const label = said === undefined ? answer.label : `${answer.status}, ${onOneLine(said, LONGEST_DETAIL)}`
    this.tally.add({ ...answer, label })
    if (expected === undefined || answer.label === 'interrupted' || expected.fits(answer)) return true
    const got = answer.label === 'timeout' ? 'no answer in time' : label
    const title = `${what}: ${got}; it had to be ${expected.text}`
    addTo(this.wrong, title, `event ${index + 1}`)
    return false
  }
}
