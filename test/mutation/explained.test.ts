import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { compare, readExplained } from './explained.ts'
import { outcomeOf } from './mutants.ts'
import type { StrykerMutant } from './mutants.ts'
import { readOptions } from './options.ts'
import { rowOf, scoreOf } from './results.ts'
import { targets } from './targets.ts'

const CODE = 'const a = 1\n  if (b > c) {\n    d()\n  }\n'

function mutant (status: string, [line, column, endLine, endColumn]: [number, number, number, number], replacement = 'x'): StrykerMutant {
  return { mutatorName: 'Any', replacement, status, location: { start: { line, column }, end: { line: endLine, column: endColumn } } }
}

test('what survived is told by its code, and counts against the score', (t) => {
  const file = join(t.testdir({ 'code.ts': CODE }), 'code.ts')
  const outcome = outcomeOf(file, [
    mutant('Killed', [1, 1, 1, 2]), mutant('Killed', [1, 1, 1, 2]), mutant('Timeout', [1, 1, 1, 2]), mutant('CompileError', [1, 1, 1, 2]),
    mutant('Survived', [2, 7, 2, 12], 'b >= c'), mutant('NoCoverage', [2, 14, 4, 4], '{}')
  ])
  t.same(outcome, {
    file,
    killed: 2,
    timedOut: 1,
    survivors: [
      { file, line: 'if (b > c) {', mutator: 'Any', from: 'b > c', to: 'b >= c', lineNumber: 2 },
      { file, line: 'if (b > c) {', mutator: 'Any', from: '{ d() }', to: '{}', lineNumber: 2 }
    ]
  })
  t.equal(scoreOf(outcome), 60)
  t.match(rowOf(outcome, 7.6), `${file},5,2,1,2,60.0,8,`)
  t.end()
})

test('a survivor that is not explained is named, and so is an explanation that is not needed any more', (t) => {
  const one = { file: 'a.ts', line: 'if (b > c) {', mutator: 'Any', from: 'b > c', to: 'b >= c' }
  const explained = [{ ...one, why: 'a reason' }]
  t.same(compare([{ ...one, lineNumber: 7 }], explained), { unexplained: [], needless: [] }, 'in whichever line it is')
  for (const other of [{ file: 'b.ts' }, { line: 'if (b > d) {' }, { mutator: 'Other' }, { from: 'b' }, { to: 'true' }]) {
    const survivor = { ...one, ...other, lineNumber: 7 }
    t.same(compare([survivor], explained), { unexplained: [survivor], needless: explained })
  }
  t.end()
})

test('every file and test that is named is there, and so is the code of every explanation', (t) => {
  for (const { file, tests } of targets) for (const name of [file, ...tests]) t.ok(existsSync(name), name)
  for (const { file, line, why } of readExplained()) {
    t.ok(targets.some((target) => target.file === file), file)
    t.ok(readFileSync(file, 'utf8').split('\n').some((other) => other.trim() === line), line)
    t.ok(why.length > 10)
  }
  t.end()
})

test('a part of a file can be asked for, and nothing that is not in the list', (t) => {
  t.equal(readOptions([])?.jobs.length, targets.length)
  t.match(readOptions(['--only', 'lib/deliver/backoff.ts:10-20,lib/deliver/failures.ts', '--no-save', '--concurrency', '1']), {
    save: false, concurrency: 1, jobs: [{ file: 'lib/deliver/backoff.ts', mutate: 'lib/deliver/backoff.ts:10-20' }, { file: 'lib/deliver/failures.ts' }]
  })
  t.throws(() => readOptions(['--only', 'lib/deliver/back.ts']), { message: /got 'lib\/deliver\/back.ts'/ })
  t.throws(() => readOptions(['--concurrency', '0']), { message: /got '0'/ })
  t.end()
})
