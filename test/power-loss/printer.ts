import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { save } from './recording.ts'
import type { Recording } from './recording.ts'
import { laidOut } from './replayer/inspect.ts'
import type { Failure, Report } from './replayer/replay.ts'

/** Problems of one state that are shown. */
const MOST = 3

/** Says what was tried and what was found, and keeps it if that is wanted. */
export class Printer {
  readonly #keep: string | undefined
  #total = { states: 0, opened: 0 }

  constructor (keep: string | undefined) {
    this.#keep = keep
    if (keep !== undefined) mkdirSync(keep, { recursive: true })
  }

  line (text: string): void {
    console.log(text)
  }

  timed (name: string, recording: Recording, replay: () => Report): Report {
    const start = performance.now()
    const report = replay()
    const { prefixes, states, opened, failures } = report
    const seconds = (performance.now() - start) / 1_000
    this.#total = { states: this.#total.states + states, opened: this.#total.opened + opened }
    this.line(`${name}: ${prefixes} prefixes, ${states} states, ${opened} opened, ${seconds.toFixed(1)} s, ${inWords(report)}`)
    const folder = this.#folderOf(name)
    if (folder !== undefined) save(join(folder, 'recording.json.gz'), recording)
    failures.forEach((failure, i) => { this.#show(failure, folder && join(folder, String(i))) })
    return report
  }

  /** Returns how many of the states are wrong. */
  sum (name: string, reports: readonly Report[]): number {
    const sumOf = (count: (report: Report) => number) => reports.reduce((sum, report) => sum + count(report), 0)
    const failed = sumOf(({ failed }) => failed)
    this.line(`${name}: ${sumOf(({ prefixes }) => prefixes)} prefixes, ${sumOf(({ states }) => states)} states, wrong in ${failed}`)
    return failed
  }

  total (): void {
    this.line(`together: ${this.#total.states} states, ${this.#total.opened} opened`)
  }

  #folderOf (name: string): string | undefined {
    if (this.#keep === undefined) return undefined
    const folder = join(this.#keep, name.replaceAll(/[^\w.]+/g, '-'))
    mkdirSync(folder, { recursive: true })
    return folder
  }

  /** `folder` is where its files are kept, if they are. */
  #show (failure: Failure, folder: string | undefined): void {
    const text = describe(failure)
    this.line(text.replaceAll(/^/gm, '    '))
    if (folder === undefined) return
    laidOut(failure.files, folder)
    writeFileSync(`${folder}.txt`, text)
  }
}

function inWords ({ failed, kinds }: Report): string {
  return failed === 0 ? 'nothing is wrong' : `WRONG in ${failed}: ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}`
}

function describe ({ cut, operation, about, files, problems }: Failure): string {
  const names = [...files].map(([name, content]) => `${name} (${content.length} bytes)`).join(', ')
  return [
    `after ${cut} operations, the last one ${operation.kind}`,
    `  of the changes that were not synced: ${about.slice(0, 400)}`,
    `  files: ${names === '' ? 'none' : names}`,
    ...problems.slice(0, MOST).map(({ kind, about }) => `  ${kind}: ${about}`)
  ].join('\n')
}
