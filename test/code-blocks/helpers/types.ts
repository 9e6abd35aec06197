import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { root, run } from '../../helpers/package.ts'
import { directory, files, write } from './files.ts'

/** A file for each language: the compiler takes its time. */
export function testTypes (language: 'js' | 'ts', more: Record<string, boolean> = {}): void {
  test(`blocks in ${language} are right by the types, whatever may be null or missing`, async (t) => {
    const compilerOptions = { noEmit: true, strict: true, exactOptionalPropertyTypes: true, skipLibCheck: true, module: 'nodenext', types: ['node'], allowImportingTsExtensions: true, ...more }
    const typed = files.filter((block) => block.language === language)
    t.not(typed.length, 0)
    for (const { file = '', code } of typed) write(file, code)
    writeFileSync(join(directory, `${language}.json`), JSON.stringify({ compilerOptions, files: typed.map(({ file }) => file) }))
    const { code, output } = await run(directory, join(root, 'node_modules/.bin/tsc'), '-p', `${language}.json`)
    t.equal(code, 0, output)
  })
}
