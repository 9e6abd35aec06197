// Loaded before a test file. The code with mutants in it counts in a global object how often it came to each of them.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'

interface Counts {
  /** What ends a loop that a mutant has made endless. */
  hitLimit?: number
  hitCount?: number
  mutantCoverage?: { static: Record<string, number> }
}

const { MUTATION_COVERAGE: folder = '', MUTATION_HIT_LIMIT: limit = '' } = process.env
const counts: Counts = limit === '' ? {} : { hitLimit: Number(limit), hitCount: 0 }
Object.assign(globalThis, { __stryker__: counts })

if (folder !== '') {
  const file = join(process.cwd(), folder, `${process.pid}-${threadId}.json`)
  process.on('exit', () => { writeFileSync(file, JSON.stringify(counts.mutantCoverage?.static ?? {})) })
}
