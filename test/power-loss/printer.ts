import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { save } from './recording.ts'
import type { Recording } from './recording.ts'
import { laidOut } from './replayer/inspect.ts'
import type { Failure, Report } from './replayer/replay.ts'

/** Failures of one recording that are shown, and kept. */
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
    this.line(`${name}: ${prefixes} prefixes, ${states} states, ${opened} opened, ${seconds.toFixed(1)} s, ${inWords(failures)}`)
    if (failures.length > 0) this.#show(name, recording, failures)
    return report
  }

  total (): void {
    this.line(`together: ${this.#total.states} states, ${this.#total.opened} opened`)
  }

  #show (name: string, recording: Recording, failures: readonly Failure[]): void {
    const folder = this.#keep === undefined ? undefined : join(this.#keep, name.replaceAll(/[^\w.]+/g, '-'))
    if (folder !== undefined) {
      mkdirSync(folder, { recursive: true })
      save(join(folder, 'recording.json.gz'), recording)
    }
    failures.slice(0, MOST).forEach((failure, i) => {
      const text = describe(failure)
      this.line(text.replaceAll(/^/gm, '    '))
      if (folder === undefined) return
      laidOut(failure.files, join(folder, String(i)))
      writeFileSync(join(folder, `${i}.txt`), text)
    })
  }
}

function inWords (failures: readonly Failure[]): string {
  if (failures.length === 0) return 'nothing is wrong'
  const counts = new Map<string, number>()
  for (const { problems } of failures) for (const kind of new Set(problems.map(({ kind }) => kind))) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return `WRONG in ${failures.length}: ${[...counts].map(([kind, count]) => `${kind} ${count}`).join(', ')}`
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
